import { describe, expect, it } from 'vitest'
import type { DispatchInput } from '../../../core/contract/dispatch.ts'
import { apiWorld } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

const REPOSITORY = { id: sha256(1), commit: commit(1), name: 'x' }
const WHY = 'the spot market takes this machine back'

const leave = async (request: Partial<DispatchInput>) => {
  const world = apiWorld()
  const store = async (text: string, tip: string, needs: string[]) => {
    const { sha256: sha, bytes } = plainBundle({ tips: [tip], needs }, text)
    await world.plane.putBundle(sha, new Blob([bytes]).stream(), { repository: REPOSITORY.id, tips: [tip], needs }, 'ada')
    return sha
  }
  const base = await store('base', commit(1), [])
  const session = await runningSession({ repository: REPOSITORY, ...request }, world)
  const own = await store('so far', commit(2), [commit(1)])
  const result = { branch: 'x', base: commit(1), commit: commit(2), bundle: own, files: 1, insertions: 1, deletions: 0 }
  const told = { why: WHY, result, agentFiles: 'checkpoint/1/agent.tar.gz', agentHandle: 'agent-7', lastSeq: 9, inboxHandled: 0 }
  await world.plane.leaving(session.id, 1, told)
  return { ...session, world, base, own, result, again: () => world.plane.leaving(session.id, 1, told) }
}

describe('a machine that is taken away', () => {
  it('is replaced, and the agent goes on where it left off', async () => {
    const { walk, hello, world, id, base, own, again } = await leave({ agent: 'claude', retries: 1 })
    await again()
    expect(await walk()).toMatchObject({ state: 'booting', attempts: [{ lost: WHY }, { number: 2 }] })
    await again()
    await hello()
    const spec = await world.plane.hello(id, 2, { runnerVersion: '1' })
    expect(spec.bundles.map(({ sha256: sha }) => sha)).toEqual([base])
    expect(spec).toMatchObject({
      checkpoint: { commit: commit(2), bundle: { sha256: own }, agentFiles: 'checkpoint/1/agent.tar.gz' },
      previous: { attempt: 1, why: WHY },
      agentHandle: 'agent-7',
      retriesLeft: 0,
    })
    expect(await world.plane.timeline(id).then(({ entries }) => entries.map(({ what }) => what))).toContain('checkpoint')
  })

  it('leaves its result so far when there is no other attempt', async () => {
    const { walk, result } = await leave({ agent: 'claude', retries: 0 })
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'lost', reason: WHY }, result })
  })

  it("does not change a command's next attempt, which begins anew", async () => {
    const { walk, hello, world, id } = await leave({ agent: 'shell', retries: 1 })
    await walk()
    await hello()
    expect((await world.plane.hello(id, 2, { runnerVersion: '1' })).checkpoint).toBeUndefined()
  })

  it('is believed for the attempt that is its own alone', async () => {
    const { walk, world, id } = await leave({ agent: 'claude', retries: 1 })
    await walk()
    const told = { why: WHY, lastSeq: 1, inboxHandled: 0 }
    await expect(world.plane.leaving(id, 3, told)).rejects.toMatchObject({ code: 'not_recorded_yet' })
  })

  it('that was given up already leaves what it has all the same', async () => {
    const world = apiWorld()
    const session = await runningSession({ agent: 'claude', retries: 1 }, world)
    await world.plane.bootFailed(session.id, 1, 'it went away')
    await world.plane.leaving(session.id, 1, { why: WHY, agentFiles: 'checkpoint/1/agent.tar.gz', lastSeq: 4, inboxHandled: 0 })
    await session.walk()
    await session.hello()
    const spec = await world.plane.hello(session.id, 2, { runnerVersion: '1' })
    expect(spec.checkpoint).toEqual({ commit: undefined, bundle: undefined, agentFiles: 'checkpoint/1/agent.tar.gz' })
  })
})
