import { describe, expect, it } from 'vitest'
import { apiWorld } from '../../support/api-world.ts'
import { launchedSession, runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

describe('a runner', () => {
  it('that says hello gets all it needs', async () => {
    const { spec, id, record } = await runningSession({ agent: 'claude', ttlSeconds: 60, maxCostUsd: 2 })
    expect(spec).toMatchObject({
      session: id,
      attempt: 1,
      branch: `remote/${id}`,
      approve: 'auto',
      nextSeq: 1,
      ttlSeconds: 60,
      idleSeconds: 1800,
      maxCostUsd: 2,
      bundles: [],
      log: { kind: 'spool' },
    })
    expect(await record()).toMatchObject({
      state: 'running',
      attempts: [{ number: 1, machine: `m-${id}-1`, runnerVersion: '1' }],
    })
  })

  it('may say hello before its launch was recorded', async () => {
    const session = await launchedSession()
    const record = await session.record()
    const early = { ...record, state: 'launching' as const, version: record.version + 1, attempts: [{ number: 1 }] }
    await session.ports.sessions.save(early, [])
    await session.hello()
    expect(await session.walk()).toMatchObject({ state: 'running' })
  })

  it('says how its machine is reached by ssh; what is no address or host key is no word of it', async () => {
    const { id, plane, record } = await launchedSession()
    const hostKey = `ssh-ed25519 ${'A'.repeat(68)}`
    const told = async (address: string, key: string, user = 'agent') => {
      const facts = { sshAddress: address, sshHostKey: key, sshUser: user }
      await plane.hello(id, 1, { runnerVersion: '1', facts })
      return (await record()).attempts[0]?.ssh
    }
    for (const [address, key] of [
      ['10.0.0.1 -oProxyCommand=x', hostKey],
      ['example.com', hostKey],
      ['10.0.0.1', `${hostKey}\n* ssh-ed25519 AAAA`],
      ['10.0.0.1', '@cert-authority * ssh-ed25519 AAAA'],
    ] as const)
      expect(await told(address, key)).toBeUndefined()
    expect(await told('10.0.0.1', hostKey, 'root')).toBeUndefined()
    expect(await told('10.0.0.1', hostKey)).toEqual({ address: '10.0.0.1', hostKey, user: 'agent' })
  })

  it('begins with the secrets that its session was accepted with, or not at all', async () => {
    const world = apiWorld()
    await world.ports.secrets.set('TOKEN', 'typed-secret-value')
    const session = await launchedSession({ secrets: ['TOKEN'], task: 'echo typed-secret-value' }, world)
    const { kept } = session.ports.secrets
    session.ports.secrets.kept = async () => ({})
    await expect(session.hello()).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
    session.ports.secrets.kept = kept
    expect(await session.hello()).toMatchObject({
      secrets: { TOKEN: 'typed-secret-value' },
      request: { task: 'echo typed-secret-value' },
    })
    session.ports.secrets.kept = async () => ({})
    session.ports.clock.pass(600)
    await expect(session.hello()).rejects.toMatchObject({ code: 'refused' })
    expect(await session.walk()).toMatchObject({ outcome: { outcome: 'refused', code: 'refused' } })
  })

  it('is told to come again when its attempt is not recorded yet, and to stop when it is over', async () => {
    const { plane, id, ports, hello, walk } = await launchedSession({ agent: 'claude' })
    await expect(plane.hello(id, 2, { runnerVersion: '1' })).rejects.toMatchObject({ code: 'not_recorded_yet' })
    await hello()
    ports.compute.die(id, 1)
    ports.clock.pass(76)
    await walk()
    await expect(plane.hello(id, 1, { runnerVersion: '1' })).rejects.toMatchObject({ code: 'fenced' })
    await expect(plane.seal(id, 1, { first: 1, last: 1, final: true })).rejects.toMatchObject({ code: 'fenced' })
    await expect(plane.inboxAfter(id, 1, 0)).rejects.toMatchObject({ code: 'fenced' })
    await expect(plane.renew(id, 1)).rejects.toMatchObject({ code: 'fenced' })
    await expect(plane.hello('s-zzzzzzzzzz', 1, { runnerVersion: '1' })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('that came back on its machine goes on where its log ends', async () => {
    const { id, ports, hello, what } = await runningSession()
    const at = '2026-11-20T12:00:00.000Z'
    await ports.segments.emit(id, 1, { head: { seq: 1, at, type: 'notice', level: 'info', text: 'x' } })
    expect((await hello()).nextSeq).toBe(2)
    expect(await what()).toEqual(['dispatched', 'placed', 'launched', 'running', 'runner came back'])
  })

  it('of the next attempt learns what was lost, and resumes the agent where it was', async () => {
    const { id, ports, beat, walk, hello } = await runningSession({ agent: 'claude' })
    await beat({ agentHandle: 'agent-7', inboxHandled: 2, usage: { inputTokens: 5, outputTokens: 6, costUsd: 0.5 } })
    ports.compute.die(id, 1, 'out of memory')
    ports.clock.pass(76)
    await walk()
    expect(await hello()).toMatchObject({
      attempt: 2,
      previous: { attempt: 1, why: 'out of memory' },
      agentHandle: 'agent-7',
      inboxAfter: 2,
      usage: { costUsd: 0.5 },
    })
  })

  it('reports usage since the start, so that nothing is counted twice over attempts', async () => {
    const { id, ports, beat, walk, hello, done, record } = await runningSession({ agent: 'claude' })
    const usage = (costUsd: number) => ({ usage: { inputTokens: 1, outputTokens: 1, costUsd } })
    await beat(usage(0.5))
    await beat(usage(0.5))
    ports.compute.die(id, 1)
    ports.clock.pass(76)
    await walk()
    await hello()
    await beat(usage(0.7))
    await done(usage(0.9))
    await walk()
    expect(await record()).toMatchObject({ usage: { costUsd: 0.9 }, cost: { agentUsd: 0.9, computeUsd: 0, totalUsd: 0.9 } })
  })

  it('hears in its beat what is waiting, who watches and what may still be spent', async () => {
    const { id, plane, ports, beat } = await runningSession({ agent: 'claude', maxCostUsd: 2 })
    await plane.send(id, { kind: 'message', text: 'and tests' }, 'ada')
    ports.doorbell.watchers.add(id)
    const spent = { usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.5 } }
    expect(await beat(spent)).toEqual({ inboxLast: 1, watch: true, budgetLeftUsd: 1.5 })
    expect((await plane.inboxAfter(id, 1, 0)).items).toMatchObject([{ n: 1, by: 'ada' }])
    expect((await beat({ ...spent, inboxHandled: 1 })).inboxLast).toBe(1)
  })

  it('that has spent its budget is stopped gracefully, and ends over budget', async () => {
    const { beat, done, walk, what } = await runningSession({ agent: 'claude', maxCostUsd: 1 })
    const { stop } = await beat({ usage: { inputTokens: 1, outputTokens: 1, costUsd: 1.01 } })
    expect(stop).toMatchObject({
      how: 'graceful',
      why: { outcome: 'over_budget', code: 'max_cost', reason: 'it cost $1.01, and may cost $1.00' },
    })
    if (stop) await done({ outcome: stop.why })
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'over_budget' } })
    expect(await what()).toContain('stop asked')
  })

  it('may say done again, also after the session has ended', async () => {
    const { done, walk, ports, id } = await runningSession()
    const result = { branch: 'b', base: commit(1), commit: commit(2), files: 1, insertions: 2, deletions: 3 }
    await done({ result })
    await done({ result })
    expect(await walk()).toMatchObject({
      state: 'ended',
      outcome: { outcome: 'succeeded', exitCode: 0 },
      result,
      attempts: [{ number: 1 }],
    })
    await done({ outcome: { outcome: 'failed', code: 'exit', reason: 'late' } })
    expect(await walk()).toMatchObject({ outcome: { outcome: 'succeeded' } })
    expect([ports.compute.alive(id), ports.secrets.keepers, ports.compute.cleaned.has(id)]).toEqual([[], [], true])
  })

  it('that gets through after it was given up still brings its result home', async () => {
    const { plane, id, ports, done, walk, record } = await runningSession()
    await plane.terminate(id, { now: true }, 'ada')
    ports.clock.pass(16)
    const { terminate } = ports.compute
    ports.compute.terminate = () => Promise.reject(new Error('not now'))
    await expect(walk()).rejects.toThrow('not now')
    expect((await record()).state).toBe('releasing')
    const result = { branch: 'b', base: commit(1), commit: commit(2), files: 1, insertions: 2, deletions: 3 }
    await done({ result })
    ports.compute.terminate = terminate
    expect(await walk()).toMatchObject({ state: 'ended', outcome: { outcome: 'terminated' }, result })
  })

  it('whose snapshot is gone ends the session as refused instead of trying for ever', async () => {
    const session = await launchedSession({ agent: 'claude' })
    const record = await session.record()
    const repository = { id: sha256(1), commit: commit(1), name: 'x' }
    await session.ports.sessions.save({ ...record, version: record.version + 1, request: { ...record.request, repository } }, [])
    await expect(session.hello()).rejects.toMatchObject({ code: 'repository' })
    expect(await session.walk()).toMatchObject({
      state: 'ended',
      outcome: { outcome: 'refused', code: 'repository' },
      attempts: [{ number: 1 }],
    })
  })
})
