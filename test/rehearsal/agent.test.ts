import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { personAt } from '../scenarios/person.ts'
import { expectOneGap, filesOf, realAgentScenarios } from '../scenarios/real-agent-scenarios.ts'
import { hangs, writes } from '../support/agent-model.ts'
import { until } from '../support/world-processes.ts'
import { type AgentScene, openAgentScene } from './agent-scene.ts'

const KEY = 'sk-ant-rehearsed-0123456789'
let scene: AgentScene
beforeAll(async () => {
  scene = await openAgentScene()
  await personAt(scene).done(['secrets', 'set', 'ANTHROPIC_API_KEY', '--on', 'cloud'], { stdin: KEY })
})
afterAll(() => scene?.close())

it('an agent with nothing to log in with is refused before anything is bought', async () => {
  const { code, stderr } = await personAt(scene).cli(['dispatch', '--no-repo', 'say something'])
  expect(code, stderr).toBe(5)
  expect(stderr).toContain('claude has nothing to log in with in the cloud')
  expect(stderr).toContain('--secret ANTHROPIC_API_KEY')
  expect(await scene.rehearsal.cloud.control.instances()).toEqual([])
})

describe('real Claude on a machine of its own', { timeout: 600_000, concurrent: true }, () => {
  realAgentScenarios(() => scene)

  it('a spot notice in the middle of a turn moves it to another machine: with its memory, its work and its bill', async () => {
    const { world, rehearsal, model, session } = scene
    const { begun, done, ended, log, nothingRuns } = personAt(scene)
    const { env, flags, asks, billed } = await model((ask) => {
      if (ask.results.length === 0) return writes(join(ask.work, ask.said.length === 1 ? 'before.txt' : 'after.txt'), 'part\n')
      return ask.said.length === 1 ? hangs(ask) : { text: 'All of it is there.' }
    })
    const cwd = world.repository()
    const id = await begun(['dispatch', ...flags, '--spot', '--retries', '1', 'write two parts'], { cwd, env })
    await until('the turn is at work', () => asks.at(-1)?.results.length === 1 || undefined, scene.patienceSeconds)
    const machine = (await session(id)).attempts[0]?.machine ?? ''
    expect((await rehearsal.cloud.control.instances()).find((one) => one.id === machine)?.lifecycle).toBe('spot')
    await rehearsal.cloud.control.interrupt(machine, 60)
    const { outcome, attempts, usage } = await ended(id)
    expect(outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(attempts.map(({ lost }) => lost)).toEqual([expect.stringContaining('spot'), undefined])
    expect(attempts[1]?.machine).not.toBe(machine)
    expect(asks.at(-1)?.said[0]).toBe('write two parts')
    expect(JSON.stringify(asks.at(-1)?.request.messages)).toContain('before.txt')
    await done(['pull', id], { cwd })
    expect(filesOf(scene, cwd, id)).toEqual(['after.txt', 'before.txt', 'readme.md'])
    const events = await log(id)
    expectOneGap(events)
    // Once, however it ended: an agent that is killed before it could tell has spent what nobody counts, and the log says so.
    const { inputTokens } = billed().turns
    expect([inputTokens, inputTokens - 20_000]).toContain(usage.inputTokens)
    expect(events.map((event) => (event.type === 'notice' ? event.text : '')).join()).toContain('is not in the cost')
    await nothingRuns(id, '')
  })
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await scene.rehearsal.cloud.control.denials()).toEqual([])
})
