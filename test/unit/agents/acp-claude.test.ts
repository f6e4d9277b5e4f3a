import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSandbox } from '../../../agent-bootstrap/sandbox.ts'
import { sandboxAvailable } from '../../../agent-bootstrap/sandbox-available.ts'
import { openAcpWorld } from '../../support/acp-world.ts'
import { installedAgentsDir } from '../../support/agents.ts'
import { type Ask, type Reply, startMessagesApi } from '../../support/messages-api-stub.ts'

type World = Awaited<ReturnType<typeof openAcpWorld>>
type Api = Awaited<ReturnType<typeof startMessagesApi>>
let world: World
let api: Api

/** A model that does what it is told in one word, and hangs when told so until nobody waits any more. */
const obedient = async ({ prompt, results, said, gone }: Ask): Promise<Reply> => {
  const usage = { input: 1000, output: 100 }
  if (results.length === 0 && prompt.startsWith('write'))
    return {
      text: 'Writing.',
      tools: [{ name: 'Write', input: { file_path: join(world.cwd, 'made.txt'), content: 'made by the agent\n' } }],
      usage,
    }
  if (results.length === 0 && prompt.startsWith('run '))
    return { tools: [{ name: 'Bash', input: { command: prompt.slice(4), description: 'run it' } }], usage }
  if (prompt === 'hang') await new Promise((resolve) => gone.addEventListener('abort', resolve))
  return { text: `You said: ${said.join(' | ')}. ${results.join(' ')}`, usage }
}
const spoken = () =>
  world
    .of('message')
    .map(({ text }) => text)
    .join('')

beforeAll(async () => void (await installedAgentsDir()), 300_000)
const open = async () => {
  api = await startMessagesApi(obedient)
  world = await openAcpWorld(api.env)
}
afterEach(async () => {
  await world.close()
  await api.close()
})

describe('real Claude', { timeout: 60_000 }, () => {
  it('asks, is answered, edits a file and takes a follow-up', async () => {
    await open()
    const run = await world.start({ approve: 'ask' })
    const turn = run.prompt('write a file')
    await expect.poll(() => world.of('permission'), { timeout: 30_000 }).toHaveLength(1)
    expect(world.waits.at(-1)).toMatchObject({ for: 'permission' })
    expect(run.answer({ permission: 'no such', choice: 'approve', by: 'me' })).toBe(false)
    expect(run.answer({ choice: 'approve', by: 'me' })).toBe(true)
    expect((await turn).outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(await readFile(join(world.cwd, 'made.txt'), 'utf8')).toBe('made by the agent\n')
    expect(world.of('answer')).toEqual([
      { type: 'answer', id: world.of('permission')[0]?.id, option: expect.any(String), by: 'me' },
    ])
    expect(world.of('tool').flatMap(({ diff }) => diff ?? [])).toContainEqual(
      expect.objectContaining({ path: 'made.txt', after: 'made by the agent\n' }),
    )
    expect(world.waits.at(-1)).toBeUndefined()

    const before = world.of('usage').at(-1)?.costUsd ?? 0
    expect((await run.prompt('and now?')).outcome.outcome).toBe('succeeded')
    expect(spoken()).toContain('You said: write a file | and now?')
    expect(world.of('usage').at(-1)?.costUsd).toBeGreaterThan(before)
    expect(world.of('usage').at(-1)).toMatchObject({ inputTokens: 3000, outputTokens: 300 })
    await run.stop(5000)
    expect(api.problems).toEqual([])
  })

  it('is refused what policy denies, and goes on', async () => {
    await open()
    const run = await world.start({ approve: 'deny' })
    expect((await run.prompt('write a file')).outcome.outcome).not.toBe('lost')
    await expect(readFile(join(world.cwd, 'made.txt'))).rejects.toThrow()
    expect(world.of('answer')).toMatchObject([{ by: 'policy' }])
  })

  it('can be interrupted and told something else', async () => {
    await open()
    const run = await world.start()
    const turn = run.prompt('hang')
    await expect.poll(() => api.asks.length, { timeout: 30_000 }).toBeGreaterThan(0)
    await run.interrupt()
    expect((await turn).outcome).toMatchObject({ code: 'cancelled' })
    expect((await run.prompt('go on')).outcome.outcome).toBe('succeeded')
    expect(spoken()).toContain('go on')
  })

  it('killed in the middle of a turn is resumed in the same session, its cost counted once', async () => {
    await open()
    const run = await world.start()
    await run.prompt('remember the number 7')
    const spent = world.of('usage').at(-1)?.costUsd ?? 0
    const turn = run.prompt('hang')
    await expect.poll(() => api.asks.at(-1)?.prompt, { timeout: 30_000 }).toBe('hang')
    const handle = run.handle()
    world.killAgent()
    expect((await turn).outcome).toMatchObject({ outcome: 'succeeded' })
    expect(run.handle()).toBe(handle)
    expect(spoken()).toContain('You said: remember the number 7')
    expect(
      world
        .of('notice')
        .map(({ text }) => text)
        .join(),
    ).toContain('Starting it again')
    const total = world.of('usage').at(-1)?.costUsd ?? 0
    expect(total).toBeGreaterThan(spent)
    expect(total).toBeLessThan(spent * 2.5)
  })

  it('is resumed by another run after its tree was killed, and replays nothing', async () => {
    await open()
    const first = await world.start()
    await first.prompt('remember the number 7')
    const usage = world.of('usage').at(-1) ?? { inputTokens: 0, outputTokens: 0, costUsd: 0 }
    const agentHandle = first.handle() ?? ''
    world.killAgent()
    world.events.length = 0
    const second = await world.start({
      agentHandle,
      usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, costUsd: usage.costUsd },
      attempt: 2,
    })
    expect(second.handle()).toBe(agentHandle)
    expect(spoken()).toBe('')
    await second.prompt('which number?')
    expect(spoken()).toBe('You said: remember the number 7 | which number?. ')
    expect(world.of('usage').at(-1)?.costUsd).toBeCloseTo(usage.costUsd * 2, 2)
  })

  it('is remembered by another session in another directory, ended in peace before, its cost not counted again', async () => {
    await open()
    const first = await world.start()
    await first.prompt('remember the number 7')
    const cost = world.of('usage').at(-1)?.costUsd ?? 0
    await first.stop(10_000)
    const place = join(world.root, 'sessions/s-2')
    await mkdir(join(place, 'work'), { recursive: true })
    const second = await world.start({
      agentHandle: first.handle() ?? '',
      request: { resumes: 's-1' },
      cwd: join(place, 'work'),
      privateDir: join(place, 'agent'),
    })
    expect(second.handle()).toBe(first.handle())
    await second.prompt('which number?')
    expect(spoken()).toContain('You said: remember the number 7 | which number?')
    expect(world.of('usage').at(-1)?.costUsd).toBeLessThan(cost * 1.5)
  })

  it('starts a new session when its own is gone, under another handle', async () => {
    await open()
    const run = await world.start({ agentHandle: '00000000-0000-4000-8000-000000000000' })
    expect(run.handle()).not.toBe('00000000-0000-4000-8000-000000000000')
    expect((await run.prompt('hello')).outcome.outcome).toBe('succeeded')
  })

  it('ends a turn that spends more than the session has', async () => {
    await open()
    const run = await world.start({ maxCostUsd: 0.001 })
    expect((await run.prompt('run echo hello')).outcome).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
  })

  it('uses the settings and the login of the user, but not their permissions', async () => {
    await open()
    await mkdir(join(world.home, '.claude'), { recursive: true })
    await writeFile(
      join(world.home, '.claude/settings.json'),
      JSON.stringify({ model: 'claude-haiku-4-5', permissions: { defaultMode: 'bypassPermissions', allow: ['Write'] } }),
    )
    const run = await world.start({ approve: 'deny' })
    await run.prompt('write a file')
    expect(api.asks.at(-1)?.request.model).toContain('haiku')
    expect(world.of('answer')).toHaveLength(1)
  })

  it('works inside the sandbox', async (context) => {
    if (!(await sandboxAvailable()).ok) return context.skip()
    await open()
    const dataDir = await installedAgentsDir()
    const places = {
      sessionDir: join(world.root, 'sessions/s-1'),
      workDir: world.cwd,
      privateDir: world.privateDir,
      cacheDir: join(world.root, 'cache'),
      dataDir,
      home: world.home,
    }
    const sandbox = await openSandbox({ ...places, wanted: true })
    const run = await world.start({ confine: sandbox.confine })
    expect((await run.prompt('write a file')).outcome.outcome).toBe('succeeded')
    expect(await readFile(join(world.cwd, 'made.txt'), 'utf8')).toBe('made by the agent\n')
    await run.prompt(`run echo x > ${join(world.root, 'planted')}; cat made.txt`)
    expect(spoken()).toContain('made by the agent')
    await expect(readFile(join(world.root, 'planted'))).rejects.toThrow()
    await run.stop(5000)
  })
})
