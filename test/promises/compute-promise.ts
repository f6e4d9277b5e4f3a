import { describe, expect, it } from 'vitest'
import type { Compute } from '../../core/ports/compute.ts'
import { aSession } from '../support/samples.ts'

/** `kill`: the machine of an attempt dies by itself; resolves when it is gone. `request`: what a session there asks for. */
export type OpenedCompute = {
  compute: Compute
  kill(session: string, attempt: number): Promise<void> | void
  request?: Parameters<typeof aSession>[1]
  /** The other runners of a shared machine have ended that one, as they were told to. */
  obey?(session: string, attempt: number): Promise<void>
}

/** Every Compute passes it. */
export const keepsTheComputePromise = (name: string, open: () => OpenedCompute | Promise<OpenedCompute>) =>
  describe(`${name} keeps the promise of compute`, () => {
    it('an attempt that was never launched has no machine', async () => {
      const { compute } = await open()
      expect(await compute.find(aSession(1).id, 1)).toBeUndefined()
    })

    it('launching one attempt often gives one machine', async () => {
      const { compute, request } = await open()
      const session = aSession(1, request)
      const machines = await Promise.all(Array.from({ length: 5 }, () => compute.launch(session, 1)))
      machines.push(await compute.launch(session, 1))
      expect(new Set(machines.map(({ machine }) => machine)).size).toBe(1)
      expect(await compute.find(session.id, 1)).toMatchObject({ alive: true })
      await compute.terminate(session.id, 1)
    })

    it('a terminated attempt is gone for good', async () => {
      const { compute, request } = await open()
      const session = aSession(1, request)
      await compute.launch(session, 1)
      await compute.terminate(session.id, 1)
      await compute.terminate(session.id, 1)
      expect((await compute.find(session.id, 1))?.alive ?? false).toBe(false)
      await expect(compute.launch(session, 1)).rejects.toMatchObject({ code: 'fenced' })
    })

    it('an attempt that was terminated before it was launched never starts', async () => {
      const { compute, request } = await open()
      const session = aSession(1, request)
      await compute.terminate(session.id, 1)
      await expect(compute.launch(session, 1)).rejects.toMatchObject({ code: 'fenced' })
      expect((await compute.find(session.id, 1))?.alive ?? false).toBe(false)
    })

    it('the next attempt has a machine of its own', async () => {
      const { compute, request } = await open()
      const session = aSession(1, request)
      const first = await compute.launch(session, 1)
      await compute.terminate(session.id, 1)
      const second = await compute.launch(session, 2)
      expect(second.machine).not.toBe(first.machine)
      expect(await compute.find(session.id, 2)).toMatchObject({ alive: true })
      await compute.terminate(session.id, 2)
    })

    it('a machine that died is known to be gone', async () => {
      const { compute, kill, request } = await open()
      const session = aSession(1, request)
      await compute.launch(session, 1)
      await kill(session.id, 1)
      expect(await compute.find(session.id, 1)).toMatchObject({ alive: false, why: expect.any(String) })
      await compute.terminate(session.id, 1)
    })

    it('an attempt that joins another runs until it is ended itself, whatever becomes of the other', async () => {
      const { compute, request, obey } = await open()
      const endOf = async (session: string, attempt: number) => {
        if (!obey) return compute.terminate(session, attempt)
        await expect(compute.terminate(session, attempt)).rejects.toMatchObject({ code: 'unavailable' })
        await obey(session, attempt)
        return compute.terminate(session, attempt)
      }
      const [host, guest] = [
        aSession(1, request),
        aSession(2, { ...(request?.runtime && { runtime: request.runtime }), with: aSession(1).id }),
      ]
      const { machine } = await compute.launch(host, 1)
      const joined = await compute.launch(guest, 1, machine)
      expect(await compute.launch(guest, 1, machine)).toEqual(joined)
      expect(joined.purchase).toBeUndefined()
      await endOf(guest.id, 1)
      expect((await compute.find(guest.id, 1))?.alive ?? false).toBe(false)
      expect(await compute.find(host.id, 1)).toMatchObject({ alive: true })
      await expect(compute.launch(guest, 1, machine)).rejects.toMatchObject({ code: 'fenced' })
      const second = await compute.launch(guest, 2, machine)
      await endOf(host.id, 1)
      expect(await compute.find(guest.id, 2)).toMatchObject({ id: second.machine, alive: true })
      await compute.terminate(guest.id, 2)
      expect(await compute.find(guest.id, 2)).toMatchObject({ alive: false })
    })

    it('cleaning may be repeated, also where nothing is', async () => {
      const { compute } = await open()
      for (const keepCheckout of [true, false, false]) await compute.clean(aSession(1).id, { keepCheckout })
    })
  })
