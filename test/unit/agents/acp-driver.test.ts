import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAcpWorld } from '../../support/acp-world.ts'

let world: Awaited<ReturnType<typeof openAcpWorld>>
beforeEach(async () => {
  world = await openAcpWorld({})
})
afterEach(() => world.close())

const FAKE = fileURLToPath(import.meta.resolve('../../support/fake-acp-agent.ts'))
const start = (env: Record<string, string> = {}, more: object = {}) =>
  world.start({
    request: { agent: 'fake', agentCommand: `'${process.execPath}' '${FAKE}'` },
    env: { FAKE_MEMORY: join(world.root, 'memory'), ...env },
    ...more,
  })
const spoken = () =>
  world
    .of('message')
    .map(({ text }) => text)
    .join('')

describe('any ACP agent', { timeout: 30_000 }, () => {
  it.each([
    ['end_turn', 'succeeded'],
    ['refusal', 'failed'],
    ['max_tokens', 'failed'],
    ['max_turn_requests', 'failed'],
    ['cancelled', 'terminated'],
  ])('that stops with %s has %s', async (reason, outcome) => {
    const run = await start()
    expect((await run.prompt(`stop ${reason}`)).outcome).toMatchObject({ outcome, code: reason })
  })

  it('that fails is a failed outcome with what it said, and can be asked again', async () => {
    const run = await start()
    expect((await run.prompt('fail')).outcome).toMatchObject({
      outcome: 'failed',
      code: 'agent_error',
      reason: expect.stringContaining('on strike'),
    })
    expect((await run.prompt('stop end_turn')).outcome.outcome).toBe('succeeded')
  })

  it('that crashes in a turn is started again and told to go on', async () => {
    const run = await start()
    expect((await run.prompt('crash')).outcome.outcome).toBe('succeeded')
    expect(
      world
        .of('notice')
        .map(({ text }) => text)
        .join(),
    ).toContain('out of cheese')
    await run.prompt('say')
    expect(spoken()).toContain('before: crash, Your program ended unexpectedly')
    expect(spoken()).not.toContain('replayed')
  })

  it('whose program dies as it starts is refused with what it died of, not where in its code', async () => {
    const agentCommand = `'${process.execPath}' '${join(world.root, 'nowhere.js')}'`
    const error: { hint?: string } = await start({}, { request: { agent: 'fake', agentCommand } }).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'agent_missing', hint: expect.stringContaining('Error: Cannot find module') })
    expect(error.hint).not.toMatch(/^\s+at /m)
  })

  it('that crashes twice in a turn has failed, with its last words', async () => {
    const run = await start()
    expect((await run.prompt('crash-again')).outcome).toMatchObject({
      outcome: 'failed',
      code: 'agent_crashed',
      reason: expect.stringContaining('exit code 4'),
    })
    expect((await run.prompt('say')).outcome.outcome).toBe('succeeded')
  })

  it('that cannot resume is loaded, and what it replays is not in the log again', async () => {
    const first = await start({ FAKE_RESUME: '1' })
    await first.prompt('one')
    await first.stop(2000)
    const second = await start({ FAKE_RESUME: '1' }, { agentHandle: 'fake-1' })
    expect(second.handle()).toBe('fake-1')
    await second.prompt('say')
    expect(spoken()).toBe('before: one')
  })

  it('whose cost shrinks has begun to count anew', async () => {
    const run = await start({}, { usage: { inputTokens: 1, outputTokens: 2, costUsd: 10 } })
    for (const amount of ['1', '1', '3', '2']) await run.prompt(`cost ${amount}`)
    expect(world.of('usage').map(({ costUsd }) => costUsd)).toEqual([11, 13, 15])
  })

  it('that floods loses nothing and keeps its order', async () => {
    const run = await start()
    await run.prompt('flood 20000')
    expect(spoken()).toBe(Array.from({ length: 20_000 }, (_, i) => `${i} `).join(''))
    expect(world.of('message').length).toBeLessThan(2000)
  })

  it('that plans shows it', async () => {
    const run = await start()
    await run.prompt('plan')
    expect(world.of('plan')).toEqual([{ type: 'plan', entries: [{ text: 'think', status: 'in_progress', priority: 'high' }] }])
  })

  it('that is not logged in is refused', async () => {
    await expect(start({ FAKE_AUTH: '1' })).rejects.toMatchObject({ code: 'no_credentials' })
  })

  it('that names its session with more than can be recorded is refused', async () => {
    const started = start({ FAKE_SESSION: 'x'.repeat(513) })
    await expect(started).rejects.toMatchObject({ code: 'agent_missing', hint: expect.stringContaining('512') })
    expect((await start({ FAKE_SESSION: 'x'.repeat(512) })).handle()).toHaveLength(512)
  })

  it('that ends while it starts is refused with its last words', async () => {
    const started = world.start({ request: { agent: 'broken', agentCommand: 'echo no such model >&2; exit 9' } })
    await expect(started).rejects.toMatchObject({
      code: 'agent_missing',
      message: expect.stringContaining('exit code 9'),
      hint: 'no such model',
    })
  })

  it('that is told to stop ends by itself', async () => {
    const run = await start()
    const before = performance.now()
    await run.stop(10_000)
    expect(performance.now() - before).toBeLessThan(5000)
    expect((await run.prompt('say')).outcome.outcome).toBe('failed')
  })
})
