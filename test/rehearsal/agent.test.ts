import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writes } from '../support/agent-model.ts'
import { type AgentScene, openAgentScene } from './agent-scene.ts'

const KEY = 'sk-ant-rehearsed-0123456789'
let scene: AgentScene
beforeAll(async () => {
  scene = await openAgentScene()
  await scene.done(['secrets', 'set', 'ANTHROPIC_API_KEY', '--on', 'cloud'], { stdin: KEY })
})
afterAll(() => scene?.close())

describe('real Claude on a machine of its own', { timeout: 300_000 }, () => {
  it('works where the user is watching, its branch comes home, its tokens are in the receipt, and nothing is left', async () => {
    const { world, cli, session, gone, log } = scene
    const { flags, billed, asks } = scene.model(({ results, work }) =>
      results.length === 0 ? writes(join(work, 'limit.ts'), 'limit\n') : { text: 'The limit is in limit.ts.' },
    )
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
    expect(await gone(id)).toHaveLength(1)
    expect(await scene.rehearsal.cloud.control.denials()).toEqual([])
  })
})
