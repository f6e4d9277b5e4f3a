import { describe, expect, it } from 'vitest'
import { decodeRecords, encodeRecord } from '../../core/contract/records.ts'
import type { SegmentStore } from '../../core/ports/segment-store.ts'

/** A store and what only a machine can do with it: `write` puts bytes behind those of the attempt, in the segment that begins with `first`. */
export type SegmentWorld = {
  store: SegmentStore
  write(session: string, attempt: number, first: number, bytes: Uint8Array): Promise<void>
}

const ID = 's-7k3m9q2w4x'
const output = (seq: number) =>
  encodeRecord({ seq, at: '2026-11-21T00:00:00.000Z', type: 'output', stream: 'stdout' }, Buffer.from(`line ${seq}\n`))
const seqs = async (stream: ReadableStream<Uint8Array>) =>
  decodeRecords(new Uint8Array(await new Response(stream).arrayBuffer())).events.map(({ head }) => head.seq)

/** What every segment store promises. */
export const keepsTheSegmentStorePromise = (name: string, open: () => SegmentWorld | Promise<SegmentWorld>) =>
  describe(`segment store: ${name}`, () => {
    const written = async () => {
      const world = await open()
      for (const seq of [1, 2, 3]) await world.write(ID, 1, 1, output(seq))
      for (const seq of [4, 5]) await world.write(ID, 1, 4, output(seq))
      await world.store.seal(ID, 1, { first: 1, last: 3, final: false })
      return world
    }

    it('an attempt that never wrote has an empty log that is open', async () => {
      const { store } = await open()
      expect(await store.log(ID, 1)).toEqual({ attempt: 1, segments: [], last: 0, sealed: false })
    })

    it('segments follow each other without a hole up to the last event', async () => {
      const { store } = await written()
      const log = await store.log(ID, 1)
      expect(log.segments.map(({ first, last }) => [first, last])).toEqual([
        [1, 3],
        [4, 5],
      ])
      expect(log).toMatchObject({ last: 5, sealed: false })
    })

    it('each segment is at its url; those that end before what is wanted may be left out, nothing else', async () => {
      const { store } = await written()
      const log = await store.log(ID, 1, 4)
      expect(log.last).toBe(5)
      expect(log.segments.at(-1)).toMatchObject({ first: 4, last: 5 })
      for (const { url, first, last } of log.segments) {
        const bytes = url.startsWith('/') ? await store.read(ID, 1, first) : (await fetch(url)).body
        const expected = Array.from({ length: last - first + 1 }, (_, n) => first + n)
        expect(await seqs(bytes as ReadableStream<Uint8Array>)).toEqual(expected)
      }
    })

    it('reading from any event gives that event and what follows in its segment', async () => {
      const { store } = await written()
      expect((await seqs(await store.read(ID, 1, 2))).slice(0, 2)).toEqual([2, 3])
      expect(await seqs(await store.read(ID, 1, 4))).toEqual([4, 5])
    })

    it('the final seal closes the log, and may come twice', async () => {
      const { store } = await written()
      for (let time = 0; time < 2; time += 1) await store.seal(ID, 1, { first: 4, last: 5, final: true })
      expect(await store.log(ID, 1)).toMatchObject({ last: 5, sealed: true })
      expect((await store.log(ID, 1)).lost).toBeUndefined()
      expect(await store.sealWhereDurable(ID, 1, 'too late')).toBe(5)
      expect((await store.log(ID, 1)).lost).toBeUndefined()
    })

    it('the log of a lost machine is closed after its last whole event, and says why', async () => {
      const { store, write } = await written()
      await write(ID, 1, 4, output(6).subarray(0, 20))
      expect(await store.sealWhereDurable(ID, 1, 'it was killed')).toBe(5)
      expect(await store.sealWhereDurable(ID, 1, 'asked again')).toBe(5)
      expect(await store.log(ID, 1)).toMatchObject({ last: 5, sealed: true, lost: 'it was killed' })
      expect(await seqs(await store.read(ID, 1, 5))).toEqual([5])
    })

    it('an attempt that never wrote can be closed', async () => {
      const { store } = await open()
      expect(await store.sealWhereDurable(ID, 1, 'it never came')).toBe(0)
      expect(await store.log(ID, 1)).toMatchObject({ segments: [], last: 0, sealed: true })
    })

    it('what is not there is not found', async () => {
      const { store } = await open()
      await expect(store.read(ID, 1, 1)).rejects.toMatchObject({ code: 'not_found' })
    })
  })
