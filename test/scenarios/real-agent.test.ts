import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PRICES, startModel } from '../support/agent-model.ts'
import { linkInstalledAgents } from '../support/agents.ts'
import type { World } from '../support/world.ts'
import { openLocalPlace } from './local-place.ts'
import { type AgentPlace, realAgentScenarios } from './real-agent-scenarios.ts'

let here: AgentPlace
const models: { close(): Promise<void> }[] = []
beforeAll(async () => {
  const env = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ANTHROPIC_MODEL: PRICES.model }
  const prepare = async ({ paths }: World) => {
    await linkInstalledAgents(paths.data)
    return undefined
  }
  const place = await openLocalPlace({ env, prepare })
  const model: AgentPlace['model'] = async (script) => {
    const started = await startModel(script)
    models.push(started)
    return { ...started, flags: [] }
  }
  here = { ...place, model }
}, 300_000)
afterAll(async () => {
  await here?.close()
  await Promise.all(models.map((one) => one.close()))
})

/** Files below the directory whose bytes hold the text. Links are not followed. */
const filesWith = (dir: string, text: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text))

describe('real Claude on this computer', { timeout: 180_000 }, () => {
  realAgentScenarios(() => here)

  it('has left the login of the caller’s environment in no file', () => {
    const { dir, paths } = here.world
    // What the agents remember is their own, private to the sessions, and must stay as it was said.
    const remembered = (file: string) => file.startsWith(paths.sessions) && file.split('/').includes('agent')
    const found = filesWith(dir, 'sk-ant-stub-0123456789')
    expect(found.filter(remembered)).not.toEqual([])
    expect(found.filter((file) => !remembered(file))).toEqual([])
  })
})
