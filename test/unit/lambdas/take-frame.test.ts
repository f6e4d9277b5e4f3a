import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Moto, startMoto } from '../../support/moto.ts'
import { aSession } from '../../support/samples.ts'
import { openFramesWorld } from './frames-world.ts'

let moto: Moto
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto.stop())

const world = () => openFramesWorld(moto)

const types = (said: readonly (readonly [string, string, object])[]) => said.map(([connection, type]) => `${connection} ${type}`)

describe('a connection to the control plane in AWS', () => {
  it('that attaches reads what is sealed, and wakes the runner; its frames go to every viewer', async () => {
    const { attach, said, say } = await world()
    await attach('v')
    expect(said()).toMatchObject([
      ['v', 'attached', {}],
      ['r', 'watch', { on: true }],
    ])
    await attach('w')
    said()
    await say('r', { type: 'live', attempt: 1, first: 6, last: 7, records: 'AAAA' })
    expect(types(said()).toSorted()).toEqual(['v live', 'w live'])
  })

  it('types into the session that it is attached to and into no other, and a runner types nowhere', async () => {
    const { attach, said, say, connections } = await world()
    const keys = { type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHMN' }
    const size = { type: 'size', stream: 'viewer-one', n: 1, columns: 80, rows: 24 }
    await say('v', keys)
    expect(said()).toEqual([])
    await attach('v')
    said()
    await say('v', keys)
    await say('v', size)
    expect(types(said())).toEqual(['r keys', 'r size'])
    await connections.put('other', { role: 'runner', session: 's-0000000002', attempt: 1 })
    for (const frame of [keys, size]) await say('other', frame)
    await say('r', keys)
    expect(said()).toEqual([])
    await connections.put('t', { role: 'table', by: 'ada' })
    await say('t', keys)
    expect(said()).toEqual([])
  })

  it('that types is noted by who it is, before the first key goes on, and again for another session', async () => {
    const { attach, said, say, typed, id, sessions } = await world()
    const keys = { type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHMN' }
    await say('v', keys)
    await attach('v')
    await say('v', { type: 'size', stream: 'viewer-one', n: 1, columns: 80, rows: 24 })
    expect(typed).toEqual([])
    for (let n = 0; n < 3; n += 1) await say('v', keys)
    expect(typed).toEqual([`owner of v ${id} v`])
    await attach('w')
    await say('w', keys)
    const other = aSession(2)
    await sessions.insert({ ...other, state: 'running', attempts: [{ number: 1 }] }, undefined, { by: 'ada', what: 'dispatched' })
    await say('v', { type: 'attach', session: other.id, from: { attempt: 1, seq: 1 } })
    await say('v', keys)
    expect(typed.slice(1)).toEqual([`owner of w ${id} w`, `owner of v ${other.id} v`])
    said()
  })

  it('whose typing cannot be noted types nothing', async () => {
    const { attach, said, say, typed } = await world()
    await attach('v')
    said()
    typed.push = () => {
      throw new Error('throttled')
    }
    await expect(say('v', { type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHMN' })).rejects.toThrow('throttled')
    expect(said()).toEqual([])
  })

  it('is told how far what it typed has come, by the attempt that runs alone', async () => {
    const { attach, said, say, connections, id } = await world()
    await attach('v')
    said()
    const typed = { type: 'typed', stream: 'viewer-one', offset: 3, size: 1 }
    await say('r', { ...typed, attempt: 1 })
    expect(types(said())).toEqual(['v typed'])
    await say('r', { ...typed, attempt: 2 })
    await connections.put('old', { role: 'runner', session: 's-0000000002', attempt: 1 })
    await say('old', { ...typed, attempt: 1 })
    expect(said().filter(([connection]) => connection === 'v')).toEqual([])
    expect(id).not.toBe('s-0000000002')
  })

  it('that is gone is forgotten when it is written to, and the last viewer lets the runner rest', async () => {
    const { attach, said, say, gone, connections, clock, id } = await world()
    await attach('v')
    await attach('w')
    clock.pass(60)
    gone.add('v')
    said()
    await say('r', { type: 'live', attempt: 1, first: 6, last: 6 })
    expect(await connections.viewers(id)).toEqual(['w'])
    expect(types(said())).toEqual(['w live'])
  })

  it('that API Gateway is still making is not forgotten when it is written to, and is heard when it is there', async () => {
    const { attach, said, say, gone, connections, clock, id } = await world()
    clock.pass(7200)
    await attach('v')
    // The runner connects again: known already, and not there before `$connect` has been answered.
    await connections.put('r2', { role: 'runner', session: id, attempt: 1 })
    gone.add('r2')
    await say('v', { type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHMN' })
    gone.delete('r2')
    said()
    await say('v', { type: 'keys', stream: 'viewer-one', from: 0, bytes: 'bHMN' })
    expect(types(said())).toEqual(['r2 keys'])
  })

  it('that leaves last ends the live path', async () => {
    const { attach, said, leave } = await world()
    await attach('v')
    await attach('w')
    said()
    await leave('v')
    expect(said()).toEqual([])
    await leave('w')
    await leave('w')
    expect(said()).toEqual([['r', 'watch', { on: false }]])
  })

  it('that is a runner of an earlier attempt is not heard, and nobody else can speak for one', async () => {
    const { attach, said, say, connections, id } = await world()
    await attach('v')
    await connections.put('old', { role: 'runner', session: id, attempt: 2 })
    said()
    await say('old', { type: 'live', attempt: 1, first: 6, last: 6 })
    await say('w', { type: 'live', attempt: 1, first: 6, last: 6 })
    await say('nobody', { type: 'live', attempt: 1, first: 6, last: 6 })
    expect(types(said())).toEqual(['w error'])
  })

  it('is shown changes, and the end; a task of a quarter of a megabyte fits into no frame', async () => {
    const { attach, said, doorbell, sessions, id, say } = await world()
    await attach('v')
    await say('w', { type: 'watch-all' })
    expect(types(said())).toEqual(['v attached', 'r watch', 'w session'])
    const session = await sessions.get(id)
    if (!session) throw new Error('no session')
    const large = { ...session, state: 'ended' as const, request: { ...session.request, task: 'x'.repeat(256_000) } }
    await doorbell.changed(large)
    const shown = said()
    expect(types(shown).toSorted()).toEqual(['v complete', 'v session', 'w session'])
    expect(Math.max(...shown.map((frame) => JSON.stringify(frame).length))).toBeLessThan(32 * 1024)
  })

  it('rings at the attempt that connected last, and knows whether somebody watches', async () => {
    const { attach, said, doorbell, connections, id } = await world()
    expect(await doorbell.watched(id)).toBe(false)
    await connections.put('r2', { role: 'runner', session: id, attempt: 2 })
    await doorbell.ring(id)
    expect(types(said())).toEqual(['r2 bell'])
    await attach('v')
    expect(await doorbell.watched(id)).toBe(true)
  })

  it('is shown a session however much was asked of it: a frame takes 128 KB', async () => {
    const { attach, said, doorbell, sessions, id } = await world()
    await attach('v')
    said()
    const session = await sessions.get(id)
    if (!session) throw new Error('no session')
    const commits = Array.from({ length: 10_000 }, (_, n) => n.toString(16).padStart(40, '0'))
    const repository = { id: 'a'.repeat(64), commit: 'c'.repeat(40), name: 'large', shallow: commits, ignore: 'x'.repeat(65_536) }
    const setup = { commands: Array.from({ length: 64 }, () => 'y'.repeat(8192)), inputs: [] }
    await doorbell.changed({ ...session, request: { ...session.request, repository, setup } })
    const [[, , frame] = []] = said()
    expect(JSON.stringify(frame).length).toBeLessThan(32 * 1024)
    expect(frame).toMatchObject({ session: { request: { repository: { name: 'large', commit: repository.commit } } } })
  })

  it('that was made last rings, though one before it broke without a word', async () => {
    const { said, doorbell, connections, id, clock } = await world()
    for (const connection of ['z', 'a']) {
      clock.pass(1)
      await connections.put(connection, { role: 'runner', session: id, attempt: 1 })
    }
    await doorbell.ring(id)
    expect(types(said())).toEqual(['a bell'])
  })

  it('that ended without a word watches nothing any more, also while the table still has it', async () => {
    const { attach, doorbell, id, clock } = await world()
    await attach('v')
    clock.pass(3 * 3600)
    expect(await doorbell.watched(id)).toBe(false)
  })

  it('that turns to another session leaves the one before', async () => {
    const { attach, say, doorbell, id } = await world()
    await attach('v')
    await say('v', { type: 'watch-all' })
    expect(await doorbell.watched(id)).toBe(false)
  })
})
