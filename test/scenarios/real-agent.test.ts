import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sandboxAvailable } from '../../agent-bootstrap/sandbox-available.ts'
import { hangs, writes } from '../support/agent-model.ts'
import { filesWith, openAgentWorld, type Told } from '../support/agent-scenario.ts'
import { killQuietly, until } from '../support/world-processes.ts'

let scene: Awaited<ReturnType<typeof openAgentWorld>>
beforeAll(async () => {
  scene = await openAgentWorld()
}, 300_000)
afterAll(() => scene.close())

const spoken = (log: readonly Told[]) =>
  log.map((event) => (event.type === 'message' && event.role === 'agent' ? event.text : '')).join('')
const cents = (usd: number) => `$${usd.toFixed(2)}`

describe('real Claude, from the command line to the branch', { timeout: 120_000 }, () => {
  it('works on a copy, its result arrives as a branch, its cost is counted once; resume goes on with branch and memory', async () => {
    const { world, model } = scene
    const { env, billed, asks } = await model(({ prompt, results, said, work }) => {
      if (results.length > 0) return { text: `Done with: ${said.join(' | ')}` }
      return prompt.includes('docs') ? writes(join(work, 'docs.md'), 'docs\n') : writes(join(work, 'limit.ts'), 'limit\n')
    })
    const cwd = world.repository()
    const head = world.git(cwd, 'rev-parse', 'HEAD')
    const first = await world.cli(['dispatch', 'add rate limit to api endpoints'], { cwd, env })
    expect(first).toMatchObject({ code: 0 })
    if ((await sandboxAvailable()).ok) expect(first.stderr).not.toContain('Not in a sandbox')
    const id = /s-\w{10}/.exec(first.stderr)?.[0] ?? ''
    const session = await world.session(id)
    expect(session).toMatchObject({ state: 'ended', outcome: { outcome: 'succeeded', code: 'end_turn' } })
    expect(world.git(cwd, 'show', `remote/${id}:limit.ts`)).toBe('limit\n')
    expect(world.git(cwd, 'rev-parse', 'HEAD')).toBe(head)
    expect(world.git(cwd, 'status', '--porcelain')).toBe('')
    // To a tenth of a cent: the agent asks side questions after its turn, and tells their cost never or later.
    const bill = billed()
    expect(session.usage).toMatchObject(bill.turns)
    expect(session.usage.costUsd).toBeCloseTo(bill.costUsd, 3)
    expect(session.cost.totalUsd).toBeCloseTo(bill.costUsd, 3)
    expect(first.stderr).toContain(`${bill.turns.inputTokens} tokens in, ${bill.turns.outputTokens} out`)
    expect(first.stderr).toContain(cents(bill.costUsd))

    const second = await world.cli(['resume', id, 'now the docs'], { cwd, env })
    expect(second).toMatchObject({ code: 0 })
    const next = /s-\w{10}/.exec(second.stderr.replaceAll(id, ''))?.[0] ?? ''
    expect(asks.at(-1)?.said).toEqual(['add rate limit to api endpoints', 'now the docs'])
    expect(world.git(cwd, 'show', `remote/${next}:limit.ts`)).toBe('limit\n')
    expect(world.git(cwd, 'show', `remote/${next}:docs.md`)).toBe('docs\n')
    const resumed = await world.session(next)
    expect(resumed.agentHandle).toBe(session.agentHandle)
    expect(resumed.usage.costUsd).toBeCloseTo(billed().costUsd - bill.costUsd, 3)
    expect((await world.session(id)).usage).toEqual(session.usage)
  })

  it('asks, is answered yes and no by a viewer, and takes follow-ups during a turn and after it', async () => {
    const { world, model, dispatch, send, log, waits } = scene
    const { env, asks } = await model(({ prompt, results, said, work }) => {
      if (prompt.includes('also')) return { text: `I heard: ${said.at(-1)}.` }
      if (results.length === 0) return writes(join(work, 'yes.txt'), 'yes\n')
      if (results.length === 1) return writes(join(work, 'no.txt'), 'no\n')
      return { text: 'Both were answered.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, env, '--approve', 'ask', '--interactive', 'write two files')
    await waits(id, 'permission', 'yes.txt')
    await send(id, 'also add tests')
    await send(id, '--approve')
    await waits(id, 'permission', 'no.txt')
    await send(id, '--deny')
    await waits(id, 'follow_up')
    expect(asks.at(-1)?.prompt).toBe('also add tests')
    await send(id, 'also the changelog')
    await until('it was heard', async () => spoken(await log(id)).includes('I heard: also the changelog.'))
    expect(await world.cli(['terminate', id, '--wait'])).toMatchObject({ code: 0 })

    const events = await log(id)
    const options = events.flatMap((event) => (event.type === 'permission' ? [event.options] : []))
    const answers = events.flatMap((event) => (event.type === 'answer' ? [event] : []))
    expect(answers.map(({ option }, n) => options[n]?.find((one) => one.id === option)?.kind)).toEqual([
      'allow_once',
      'reject_once',
    ])
    expect(answers.map(({ by }) => by)).not.toContain('policy')
    expect(spoken(events)).toContain('I heard: also add tests.')
    expect(spoken(events)).toContain('I heard: also the changelog.')
    expect(await world.cli(['pull', id], { cwd })).toMatchObject({ code: 0 })
    expect(world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).split('\n')).toEqual(['readme.md', 'yes.txt', ''])
  })

  it('a hanging turn is interrupted, and the session goes on with what it is told then', async () => {
    const { world, model, dispatch, send, waits } = scene
    const { env, asks } = await model((ask) => {
      if (ask.prompt === 'think for ever') return hangs(ask)
      return ask.results.length === 0 ? writes(join(ask.work, 'instead.txt'), 'instead\n') : { text: 'Done.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, env, 'think for ever')
    await until('it hangs', () => (asks.length > 0 ? true : undefined), 60)
    await send(id, '--interrupt')
    await waits(id, 'follow_up')
    await send(id, 'do this instead')
    expect((await world.ended(id)).outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(asks.at(-1)?.said.join()).toContain('think for ever')
    expect(await world.cli(['pull', id], { cwd })).toMatchObject({ code: 0 })
    expect(world.git(cwd, 'show', `remote/${id}:instead.txt`)).toBe('instead\n')
  })

  it('survives kill -9 of its runner: same agent session, all parts in the result, cost counted once, no silent hole', async () => {
    const { world, model, dispatch, send, log } = scene
    const followUp = Promise.withResolvers<void>()
    const { env, asks, billed } = await model(async (ask) => {
      const turn = ask.said.length
      if (ask.results.length === 0) return writes(join(ask.work, `part-${turn}.txt`), 'part\n')
      if (turn === 1) await followUp.promise
      return turn === 2 ? hangs(ask) : { text: 'Written.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, env, 'write part one')
    await until('the first turn is at work', () => (asks.at(-1)?.results.length === 1 ? true : undefined), 60)
    await send(id, 'also part two')
    followUp.resolve()
    await until('the second turn hangs', () => (asks.at(-1)?.said.length === 2 && asks.at(-1)?.results.length === 1) || undefined)
    await send(id, 'and part three, later')
    const before = await until('the first turn’s cost is known', async () => {
      const session = await world.session(id)
      return session.usage.costUsd > 0 ? session : undefined
    })
    const [runner = 0] = world.runnerPids(id)
    killQuietly(runner, 'SIGKILL')
    const session = await world.ended(id)
    expect(session).toMatchObject({ outcome: { outcome: 'succeeded' }, agentHandle: before.agentHandle })
    expect(session.attempts).toHaveLength(2)
    expect(asks.at(-1)?.said.slice(0, 2)).toEqual(['write part one', 'also part two'])
    expect(asks.at(-1)?.said).toHaveLength(4)
    expect(asks.at(-1)?.prompt).toBe('and part three, later')
    expect(JSON.stringify(asks.at(-1)?.request.messages)).toContain('part-2.txt')
    // The turn that was cut had one answer of the model; an agent tells its spending at the end of a turn.
    const { turns, costUsd } = billed()
    const untold = { inputTokens: 20_000, outputTokens: 1000, costUsd: 0.025 }
    expect(session.usage).toMatchObject({
      inputTokens: turns.inputTokens - untold.inputTokens,
      outputTokens: turns.outputTokens - untold.outputTokens,
    })
    expect(session.usage.costUsd).toBeCloseTo(costUsd - untold.costUsd, 3)

    const events = await log(id)
    expect(events.map((event) => (event.type === 'notice' ? event.text : '')).join()).toContain('is not in the cost')
    expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1)
    for (const attempt of [1, 2]) {
      const seqs = events.filter(({ position }) => position.startsWith(`${attempt}.`)).map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, n) => n + 1))
    }
    expect(await world.cli(['pull', id], { cwd })).toMatchObject({ code: 0 })
    const files = world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).split('\n')
    expect(files).toEqual(['part-1.txt', 'part-2.txt', 'part-3.txt', 'part-4.txt', 'readme.md', ''])
    expect(world.running()).toEqual([])
  })

  it('ends over its budget, and keeps what it made', async () => {
    const { world, model } = scene
    const { env } = await model(({ results, work }) => {
      if (results.length === 0) return writes(join(work, 'kept.txt'), 'kept\n')
      return { ...writes(join(work, 'dear.txt'), 'dear\n'), usage: { input: 100_000, output: 10_000 } }
    })
    const cwd = world.repository()
    const { code, stderr } = await world.cli(['dispatch', '--max-cost', '0.10', 'spend'], { cwd, env })
    expect(code).toBe(121)
    const id = /s-\w{10}/.exec(stderr)?.[0] ?? ''
    expect((await world.session(id)).outcome).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
    expect(world.git(cwd, 'show', `remote/${id}:kept.txt`)).toBe('kept\n')
  })

  it('leaves the login of the caller’s environment in no file, and what the agent prints of it is redacted', async () => {
    const { world, model, dispatch, log } = scene
    const inFiles = () => filesWith(world.dir, 'sk-ant-stub-0123456789')
    expect(inFiles()).toEqual([])
    const { env } = await model(({ results }) => {
      if (results.length > 0) return { text: `It says ${results.join()}` }
      return { tools: [{ name: 'Bash', input: { command: 'echo "key: $ANTHROPIC_API_KEY"', description: 'look' } }] }
    })
    const id = await dispatch(world.home, env, '--no-repo', 'print your key')
    expect((await world.ended(id)).outcome?.outcome).toBe('succeeded')
    expect(spoken(await log(id))).toMatch(/It says key: .*redacted/)
    // What the agent remembers is its own, private to the session, and must stay as it was said.
    expect(inFiles().filter((file) => !file.startsWith(join(world.paths.sessions, id, 'agent')))).toEqual([])
  })
})
