import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hangs, type Model, type Script, writes } from '../support/agent-model.ts'
import { until } from '../support/world-processes.ts'
import { idIn, personAt, type Told } from './person.ts'
import type { Place } from './place.ts'

/** A place that has the real Claude Code, and models for it. */
export type AgentPlace = Place & {
  /** What a dispatch needs so that the agent speaks with a model that follows the script. */
  model(script: Script): Promise<Model & { env: Record<string, string>; flags: string[] }>
}

const spoken = (log: readonly Told[]) =>
  log.map((event) => (event.type === 'message' && event.role === 'agent' ? event.text : '')).join('')
/** An answer of the model in a turn that was cut: an agent tells its tokens at the end of a turn. */
const UNTOLD = { inputTokens: 20_000, outputTokens: 1000, costUsd: 0.025 }

/** No hole in any attempt, and one gap where the second one begins. */
export const expectOneGap = (events: readonly Told[]) => {
  expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1)
  for (const attempt of [1, 2]) {
    const seqs = events.filter(({ position }) => position.startsWith(`${attempt}.`)).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, n) => n + 1))
  }
}
export const filesOf = ({ world }: Place, cwd: string, id: string): string[] =>
  world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).trim().split('\n')

/** Real Claude, from the command line to the branch. */
export const realAgentScenarios = (place: () => AgentPlace) => {
  const person = () => {
    const { cli, done, ...more } = personAt(place())
    return {
      ...{ cli, done, ...more },
      begun: async (cwd: string, { env, flags }: { env: Record<string, string>; flags: string[] }, ...args: string[]) =>
        more.begun(['dispatch', ...flags, ...args], { cwd, env }),
    }
  }
  const heard = (what: string, look: () => boolean) => until(what, () => look() || undefined, place().patienceSeconds)

  it('works on a copy, its result arrives as a branch, its cost is counted once; resume goes on with branch and memory', async () => {
    const { world, session, model } = place()
    const { cli, log } = person()
    const { env, flags, billed, asks } = await model(({ prompt, results, said, work }) => {
      if (results.length > 0) return { text: `Done with: ${said.join(' | ')}` }
      return prompt.includes('docs') ? writes(join(work, 'docs.md'), 'docs\n') : writes(join(work, 'limit.ts'), 'limit\n')
    })
    const cwd = world.repository()
    const head = world.git(cwd, 'rev-parse', 'HEAD')
    const first = await cli(['dispatch', ...flags, 'add rate limit to api endpoints'], { cwd, env })
    expect(first.code, first.stderr).toBe(0)
    expect(`${first.out}${first.stderr}`).toContain('Done with: add rate limit to api endpoints')
    const id = idIn(first.stderr)
    const ended = await session(id)
    expect(ended).toMatchObject({ state: 'ended', outcome: { outcome: 'succeeded', code: 'end_turn' } })
    expect(filesOf(place(), cwd, id)).toEqual(['limit.ts', 'readme.md'])
    expect(world.git(cwd, 'rev-parse', 'HEAD')).toBe(head)
    expect(world.git(cwd, 'status', '--porcelain')).toBe('')
    // To a tenth of a cent: the agent asks side questions after its turn, and tells their cost never or later.
    const bill = billed()
    expect(ended.usage).toMatchObject(bill.turns)
    expect(ended.usage.costUsd).toBeCloseTo(bill.costUsd, 3)
    const { totalUsd, ...parts } = ended.cost
    expect(parts.agentUsd).toBeCloseTo(bill.costUsd, 3)
    expect(totalUsd).toBeCloseTo(
      Object.values(parts).reduce((sum, usd) => sum + usd, 0),
      6,
    )
    expect(first.stderr).toContain(`${bill.turns.inputTokens} tokens in, ${bill.turns.outputTokens} out`)
    expect(first.stderr).toContain(`$${totalUsd.toFixed(2)}`)

    const again = await cli(['resume', id, 'now the docs'], { cwd, env })
    expect(again.code, again.stderr).toBe(0)
    const next = idIn(again.stderr.replaceAll(id, ''))
    expect(asks.at(-1)?.said).toEqual(['add rate limit to api endpoints', 'now the docs'])
    expect(filesOf(place(), cwd, next)).toEqual(['docs.md', 'limit.ts', 'readme.md'])
    const resumed = await session(next)
    expect(resumed.agentHandle).toBe(ended.agentHandle)
    expect(resumed.usage.costUsd).toBeCloseTo(billed().costUsd - bill.costUsd, 3)
    expect((await session(id)).usage).toEqual(ended.usage)
    expect(JSON.stringify(await log(next))).not.toContain('sk-ant-')
  })

  it('asks, is answered yes and no by a viewer, and takes follow-ups during a turn and after it', async () => {
    const { world, model } = place()
    const { begun, done, log, waits, ended } = person()
    const asked = await model(({ prompt, results, said, work }) => {
      if (prompt.includes('also')) return { text: `I heard: ${said.at(-1)}.` }
      if (results.length === 0) return writes(join(work, 'yes.txt'), 'yes\n')
      if (results.length === 1) return writes(join(work, 'no.txt'), 'no\n')
      return { text: 'Both were answered.' }
    })
    const { asks } = asked
    const cwd = world.repository()
    const id = await begun(cwd, asked, '--approve', 'ask', '--interactive', 'write two files')
    await waits(id, 'permission', 'yes.txt')
    await done(['send', id, 'also add tests'])
    await done(['send', id, '--approve'])
    await waits(id, 'permission', 'no.txt')
    await done(['send', id, '--deny'])
    await waits(id, 'follow_up')
    expect(asks.at(-1)?.prompt).toBe('also add tests')
    const before = asks.length
    await done(['send', id, 'also the changelog'])
    await heard('it was heard', () => asks.length > before)
    await waits(id, 'follow_up')
    await done(['terminate', id, '--wait'])
    await ended(id)

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
    await done(['pull', id], { cwd })
    expect(filesOf(place(), cwd, id)).toEqual(['readme.md', 'yes.txt'])
  })

  it('a hanging turn is interrupted, and the session goes on with what it is told then', async () => {
    const { world, model } = place()
    const { begun, done, waits, ended } = person()
    const asked = await model((ask) => {
      if (ask.prompt === 'think for ever') return hangs(ask)
      return ask.results.length === 0 ? writes(join(ask.work, 'instead.txt'), 'instead\n') : { text: 'Done.' }
    })
    const cwd = world.repository()
    const id = await begun(cwd, asked, 'think for ever')
    await heard('it hangs', () => asked.asks.length > 0)
    await done(['send', id, '--interrupt'])
    await waits(id, 'follow_up')
    await done(['send', id, 'do this instead'])
    expect((await ended(id)).outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(asked.asks.at(-1)?.said.join()).toContain('think for ever')
    await done(['pull', id], { cwd })
    expect(filesOf(place(), cwd, id)).toEqual(['instead.txt', 'readme.md'])
  })

  it('survives kill -9 of its runner: same agent session, all parts in the result, cost counted once, no silent hole', async () => {
    const { world, model, session, killRunner } = place()
    const { begun, done, waits, ended, log, nothingRuns } = person()
    const asked = await model((ask) => {
      const turn = ask.said.length
      if (ask.results.length === 0) return writes(join(ask.work, `part-${turn}.txt`), 'part\n')
      return turn === 2 ? hangs(ask) : { text: 'Written.' }
    })
    const { asks, billed } = asked
    const cwd = world.repository()
    const id = await begun(cwd, asked, '--interactive', '--retries', '1', 'write part one')
    await waits(id, 'follow_up')
    const before = await session(id)
    await done(['send', id, 'also part two'])
    await heard('the second turn hangs', () => asks.at(-1)?.said.length === 2 && asks.at(-1)?.results.length === 1)
    await done(['send', id, 'and part three, later'])
    // What is not acknowledged is given to the next attempt again.
    const isAcknowledged = async () => ((await session(id)).inboxHandled === 1 ? true : undefined)
    await until('the second part is acknowledged', isAcknowledged, place().patienceSeconds)
    await killRunner(id)
    await heard('all was said', () => asks.at(-1)?.prompt === 'and part three, later' && asks.at(-1)?.results.length === 1)
    await waits(id, 'follow_up')
    await done(['terminate', id, '--wait'])
    const { attempts, usage, agentHandle } = await ended(id)
    expect(agentHandle).toBe(before.agentHandle)
    expect(attempts.map(({ lost }) => lost)).toEqual([expect.any(String), undefined])
    expect(asks.at(-1)?.said.slice(0, 2)).toEqual(['write part one', 'also part two'])
    expect(asks.at(-1)?.said).toHaveLength(4)
    expect(JSON.stringify(asks.at(-1)?.request.messages)).toContain('part-2.txt')
    const { turns, costUsd } = billed()
    expect(usage).toMatchObject({
      inputTokens: turns.inputTokens - UNTOLD.inputTokens,
      outputTokens: turns.outputTokens - UNTOLD.outputTokens,
    })
    expect(usage.costUsd).toBeCloseTo(costUsd - UNTOLD.costUsd, 3)
    const events = await log(id)
    expect(events.map((event) => (event.type === 'notice' ? event.text : '')).join()).toContain('is not in the cost')
    expectOneGap(events)
    await done(['pull', id], { cwd })
    expect(filesOf(place(), cwd, id)).toEqual(['part-1.txt', 'part-2.txt', 'part-3.txt', 'part-4.txt', 'readme.md'])
    await nothingRuns(id, cwd)
  })

  it('ends over its budget, and keeps what it made', async () => {
    const { world, model, session } = place()
    const { cli } = person()
    const { env, flags } = await model(({ results, work }) => {
      if (results.length === 0) return writes(join(work, 'kept.txt'), 'kept\n')
      return { ...writes(join(work, 'dear.txt'), 'dear\n'), usage: { input: 100_000, output: 10_000 } }
    })
    const cwd = world.repository()
    const { code, stderr } = await cli(['dispatch', ...flags, '--max-cost', '0.10', 'spend'], { cwd, env })
    expect(code, stderr).toBe(121)
    const id = idIn(stderr)
    expect((await session(id)).outcome).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
    expect(filesOf(place(), cwd, id)).toContain('kept.txt')
  })

  it('what the agent prints of its login is redacted', async () => {
    const { world, model } = place()
    const { begun, ended, log } = person()
    const asked = await model(({ results }) => {
      if (results.length > 0) return { text: `It says ${results.join()}` }
      return { tools: [{ name: 'Bash', input: { command: 'echo "key: $ANTHROPIC_API_KEY"', description: 'look' } }] }
    })
    const id = await begun(world.home, asked, '--no-repo', 'print your key')
    expect((await ended(id)).outcome?.outcome).toBe('succeeded')
    const events = await log(id)
    expect(spoken(events)).toMatch(/It says key: .*redacted/)
    expect(JSON.stringify(events)).not.toContain('sk-ant-')
  })
}
