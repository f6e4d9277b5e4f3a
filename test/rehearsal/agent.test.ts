import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hangs, writes } from '../support/agent-model.ts'
import { type AgentScene, openAgentScene } from './agent-scene.ts'
import { until } from './until.ts'

const KEY = 'sk-ant-rehearsed-0123456789'
let scene: AgentScene
beforeAll(async () => {
  scene = await openAgentScene()
  await scene.done(['secrets', 'set', 'ANTHROPIC_API_KEY', '--on', 'cloud'], { stdin: KEY })
})
afterAll(() => scene?.close())

it('an agent with nothing to log in with is refused before anything is bought', async () => {
  const { code, stderr } = await scene.cli(['dispatch', '--no-repo', 'say something'])
  expect(code, stderr).toBe(5)
  expect(stderr).toContain('claude has nothing to log in with in the cloud')
  expect(stderr).toContain('--secret ANTHROPIC_API_KEY')
  expect(await scene.rehearsal.cloud.control.instances()).toEqual([])
})

describe('real Claude on a machine of its own', { timeout: 300_000 }, () => {
  it('works where the user is watching, its branch comes home, its tokens are in the receipt, and it goes on elsewhere with its memory', async () => {
    const { world, cli, session, gone, log } = scene
    const { flags, billed, asks } = scene.model(({ prompt, results, work }) => {
      if (results.length > 0) return { text: 'The limit is in limit.ts.' }
      return prompt.includes('docs') ? writes(join(work, 'docs.md'), 'docs\n') : writes(join(work, 'limit.ts'), 'limit\n')
    })
    const cwd = world.repository()
    const head = world.git(cwd, 'rev-parse', 'HEAD')
    const { code, out, stderr } = await cli(['dispatch', ...flags, 'add rate limit to api endpoints'], { cwd })
    expect(code, `${stderr}\n${[...scene.rehearsal.consoles.values()].join('\n')}`).toBe(0)
    expect(`${out}${stderr}`).toContain('The limit is in limit.ts.')
    const id = /s-\w{10}/.exec(stderr)?.[0] ?? ''
    expect(world.git(cwd, 'show', `remote/${id}:limit.ts`)).toBe('limit\n')
    expect(world.git(cwd, 'rev-parse', 'HEAD')).toBe(head)
    expect(asks[0]?.prompt).toContain('add rate limit to api endpoints')

    const ended = await session(id)
    expect(ended).toMatchObject({
      state: 'ended',
      request: { runtime: 'cloud' },
      outcome: { outcome: 'succeeded', code: 'end_turn' },
    })
    const { turns, costUsd } = billed()
    expect(ended.usage).toMatchObject(turns)
    expect(ended.usage.costUsd).toBeCloseTo(costUsd, 3)
    expect(ended.cost.totalUsd).toBeGreaterThan(ended.usage.costUsd)
    expect(stderr).toContain(`${turns.inputTokens} tokens in, ${turns.outputTokens} out`)
    expect(JSON.stringify(await log(id))).not.toContain(KEY)
    const [first] = await gone(id)

    const again = await cli(['resume', id, 'now the docs'], { cwd })
    expect(again.code, again.stderr).toBe(0)
    const next = /s-\w{10}/.exec(again.stderr.replaceAll(id, ''))?.[0] ?? ''
    expect((await session(next)).agentHandle).toBe(ended.agentHandle)
    expect(asks.at(-1)?.said).toEqual(['add rate limit to api endpoints', 'now the docs'])
    expect(world.git(cwd, 'ls-tree', '--name-only', `remote/${next}`).split('\n')).toEqual([
      'docs.md',
      'limit.ts',
      'readme.md',
      '',
    ])
    const [second] = await gone(next)
    expect(second?.id).not.toBe(first?.id)
    expect(await scene.rehearsal.cloud.control.denials()).toEqual([])
  })

  it('asks and is answered yes and no by a viewer, and takes follow-ups during a turn and after it', async () => {
    const { world, dispatch, waits, log, done } = scene
    const { flags, asks } = scene.model(({ prompt, results, said, work }) => {
      if (prompt.includes('docs') && results.length === 0) return writes(join(work, 'docs.md'), 'docs\n')
      if (prompt.includes('also') || prompt.includes('docs')) return { text: `I heard: ${said.join(' | ')}.` }
      if (results.length === 0) return writes(join(work, 'yes.txt'), 'yes\n')
      if (results.length === 1) return writes(join(work, 'no.txt'), 'no\n')
      return { text: 'Both were answered.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, ...flags, '--approve', 'ask', '--interactive', 'write two files')
    await waits(id, 'permission', 'yes.txt')
    await done(['send', id, 'also add tests'])
    await done(['send', id, '--approve'])
    await waits(id, 'permission', 'no.txt')
    await done(['send', id, '--deny'])
    await waits(id, 'follow_up')
    expect(asks.at(-1)?.prompt).toBe('also add tests')
    const heard = asks.length
    await done(['send', id, 'also the changelog'])
    await until('it was heard', async () => (asks.length > heard ? true : undefined), 60_000)
    await waits(id, 'follow_up')
    await done(['terminate', id, '--wait'])
    const events = await log(id)
    const options = events.flatMap((event) => (event.type === 'permission' ? [event.options] : []))
    const answers = events.flatMap((event) => (event.type === 'answer' ? [event] : []))
    expect(answers.map(({ option }, n) => options[n]?.find((one) => one.id === option)?.kind)).toEqual([
      'allow_once',
      'reject_once',
    ])
    expect(answers.map(({ by }) => by)).toEqual(['ada', 'ada'])
    await done(['pull', id], { cwd })
    expect(world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).split('\n')).toEqual(['readme.md', 'yes.txt', ''])
  })

  it('a hanging turn is interrupted, and the session goes on with what it is told then', async () => {
    const { world, dispatch, done, waits, ended } = scene
    const { flags, asks } = scene.model((ask) => {
      if (ask.prompt === 'think for ever') return hangs(ask)
      return ask.results.length === 0 ? writes(join(ask.work, 'instead.txt'), 'instead\n') : { text: 'Done.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, ...flags, 'think for ever')
    await until('it hangs', async () => (asks.length > 0 ? true : undefined), 120_000)
    await done(['send', id, '--interrupt'])
    await waits(id, 'follow_up')
    await done(['send', id, 'do this instead'])
    expect((await ended(id)).outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(asks.at(-1)?.said.join()).toContain('think for ever')
    await done(['pull', id], { cwd })
    expect(world.git(cwd, 'show', `remote/${id}:instead.txt`)).toBe('instead\n')
  })

  it('a spot notice in the middle of a turn moves it to another machine: with its memory, its work and its bill', async () => {
    const { world, rehearsal, dispatch, done, machine, ended, log, gone } = scene
    const { flags, asks, billed } = scene.model((ask) => {
      if (ask.results.length === 0) return writes(join(ask.work, ask.said.length === 1 ? 'before.txt' : 'after.txt'), 'part\n')
      return ask.said.length === 1 ? hangs(ask) : { text: 'All of it is there.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, ...flags, '--spot', '--retries', '1', 'write two parts')
    await until('the turn is at work', async () => (asks.at(-1)?.results.length === 1 ? true : undefined), 120_000)
    const first = await machine(id)
    expect(first.lifecycle).toBe('spot')
    await rehearsal.cloud.control.interrupt(first.id, 60)
    const { outcome, attempts, ...record } = await ended(id)
    expect(outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(attempts.map(({ lost }) => lost)).toEqual([expect.stringContaining('spot'), undefined])
    expect(asks.at(-1)?.said[0]).toBe('write two parts')
    expect(JSON.stringify(asks.at(-1)?.request.messages)).toContain('before.txt')
    await done(['pull', id], { cwd })
    expect(world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).split('\n')).toEqual([
      ...['after.txt', 'before.txt', 'readme.md', ''],
    ])
    const events = await log(id)
    expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1)
    for (const attempt of [1, 2]) {
      const seqs = events.filter(({ position }) => position.startsWith(`${attempt}.`)).map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, n) => n + 1))
    }
    // Once, however it ended: an agent that is killed before it could tell has spent what nobody counts, and the log says so.
    const { inputTokens } = billed().turns
    expect([inputTokens, inputTokens - 20_000]).toContain(record.usage.inputTokens)
    expect(events.map((event) => (event.type === 'notice' ? event.text : '')).join()).toContain('is not in the cost')
    expect(await gone(id)).toHaveLength(2)
  })

  it('survives kill -9 of its runner: another machine goes on with its memory, its work and what it was told meanwhile', async () => {
    const { world, rehearsal, dispatch, done, machine, ended, log, gone } = scene
    const { flags, asks, billed } = scene.model((ask) => {
      const told = ask.said.length
      if (ask.results.length === 0) return writes(join(ask.work, `part-${told}.txt`), 'part\n')
      return told === 2 ? hangs(ask) : { text: 'Written.' }
    })
    const cwd = world.repository()
    const id = await dispatch(cwd, ...flags, '--interactive', '--retries', '1', 'write part one')
    await scene.waits(id, 'follow_up')
    await done(['send', id, 'also part two'])
    await until(
      'the second turn is at work',
      async () => (asks.at(-1)?.said.length === 2 && asks.at(-1)?.results.length === 1 ? true : undefined),
      120_000,
    )
    await done(['send', id, 'and part three, later'])
    const first = await machine(id)
    const kill = ['kill', '--kill-whom=main', '--signal=KILL', `remote-runner@${id}-1.service`]
    await (await rehearsal.machines?.instances.get(first.id)?.machine)?.run('systemctl', ...kill)
    const second = await machine(id, 2)
    expect(second.id).not.toBe(first.id)
    await until(
      'all was said',
      async () => (asks.at(-1)?.prompt === 'and part three, later' && asks.at(-1)?.results.length === 1 ? true : undefined),
      120_000,
    )
    await scene.waits(id, 'follow_up')
    await done(['terminate', id, '--wait'])
    const { attempts, usage } = await ended(id)
    expect(attempts.map(({ lost }) => lost)).toEqual([expect.stringContaining('the runner ended: signal killed KILL'), undefined])
    expect(asks.at(-1)?.said.slice(0, 2)).toEqual(['write part one', 'also part two'])
    expect(JSON.stringify(asks.at(-1)?.request.messages)).toContain('part-2.txt')
    // The turn that was cut had one answer of the model, of which the agent had told nothing.
    expect(usage.inputTokens).toBe(billed().turns.inputTokens - 20_000)
    const events = await log(id)
    expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1)
    for (const attempt of [1, 2]) {
      const seqs = events.filter(({ position }) => position.startsWith(`${attempt}.`)).map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, n) => n + 1))
    }
    await done(['pull', id], { cwd })
    const files = world.git(cwd, 'ls-tree', '--name-only', `remote/${id}`).split('\n')
    expect(files).toEqual(['part-1.txt', 'part-2.txt', 'part-3.txt', 'part-4.txt', 'readme.md', ''])
    expect(await gone(id)).toHaveLength(2)
  })
})
