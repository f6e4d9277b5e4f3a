import { afterEach, describe, expect, it } from 'vitest'
import { Fenced } from '../../../agent-bootstrap/control-plane-client.ts'
import { type Heartbeat, openHeartbeat } from '../../../agent-bootstrap/heartbeat.ts'
import type { InboxItem } from '../../../core/contract/inbox.ts'
import type { Beat, BeatAnswer } from '../../../core/contract/runner.ts'

const opened: Heartbeat[] = []
afterEach(() => {
  for (const heartbeat of opened.splice(0)) heartbeat.stop()
})

const item = (n: number): InboxItem => ({ n, at: '', by: 'ann', message: { kind: 'message', text: `${n}` } })

const open = (after = 0) => {
  const beats: Beat[] = []
  const handled: number[] = []
  const inbox: InboxItem[] = []
  const world = {
    beats,
    handled,
    inbox,
    untaken: undefined as number | undefined,
    fail: undefined as Error | undefined,
    fenced: 0,
    during: async () => {},
  }
  const heartbeat = openHeartbeat({
    plane: {
      beat: async (body): Promise<BeatAnswer> => {
        if (world.fail) throw world.fail
        beats.push(body)
        await world.during()
        return { inboxLast: after + inbox.length, watch: false, budgetLeftUsd: null }
      },
      // More than was asked for: what is known already must not be handled again.
      inbox: async () => inbox,
    },
    inboxAfter: after,
    untaken: () => world.untaken,
    report: () => ({ position: { attempt: 1, seq: 1 }, flags: {} }),
    onAnswer: () => {},
    onItem: ({ n }) => handled.push(n),
    onFenced: () => {
      world.fenced++
    },
  })
  opened.push(heartbeat)
  return { world, heartbeat }
}

describe('the heartbeat', () => {
  it('hands every item of the inbox over once, in order, however often it is rung', async () => {
    const { world, heartbeat } = open()
    world.inbox.push(item(1), item(2))
    await Promise.all([heartbeat.beat(), heartbeat.beat(), heartbeat.beat()])
    world.inbox.push(item(3))
    await heartbeat.beat()
    await heartbeat.beat()
    expect(world.handled).toEqual([1, 2, 3])
    expect(world.beats.at(-1)?.inboxHandled).toBe(3)
  })

  it('goes on after what an attempt before this one handled', async () => {
    const { world, heartbeat } = open(2)
    world.inbox.push(item(3))
    await heartbeat.beat()
    expect(world.handled).toEqual([3])
  })

  it('acknowledges nothing that only waits its turn, and hands it over once all the same', async () => {
    const { world, heartbeat } = open()
    world.untaken = 2
    world.inbox.push(item(1), item(2))
    await heartbeat.beat()
    await heartbeat.beat()
    expect(world.beats.at(-1)?.inboxHandled).toBe(1)
    expect(heartbeat.acknowledged()).toBe(1)
    world.untaken = undefined
    await heartbeat.beat()
    expect(world.beats.at(-1)?.inboxHandled).toBe(2)
    expect(world.handled).toEqual([1, 2])
  })

  it('beats again for a bell that rang during a beat, once', async () => {
    const { world, heartbeat } = open()
    const first = heartbeat.beat()
    await Promise.all([first, heartbeat.beat(), heartbeat.beat(), heartbeat.beat()])
    expect(world.beats).toHaveLength(2)
  })

  it('says when nobody answered, and that is all', async () => {
    const { world, heartbeat } = open()
    world.fail = new Error('away')
    expect(await heartbeat.beat()).toBe(false)
    world.fail = undefined
    expect(await heartbeat.beat()).toBe(true)
  })

  it('tells when the attempt was given up', async () => {
    const { world, heartbeat } = open()
    world.fail = new Fenced('')
    await heartbeat.beat()
    expect(world.fenced).toBe(1)
  })

  it('is silent once stopped', async () => {
    const { world, heartbeat } = open()
    heartbeat.stop()
    expect(await heartbeat.beat()).toBe(false)
    expect(world.beats).toEqual([])
  })
})
