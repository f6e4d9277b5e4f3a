import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventBody } from '../../core/contract/events.ts'
import type { Session } from '../../core/contract/session.ts'
import { PRICES, type Script, startModel } from './agent-model.ts'
import { linkInstalledAgents } from './agents.ts'
import { World } from './world.ts'
import { until } from './world-processes.ts'

export type Told = EventBody & { position: string; seq: number }

/** A world with the real agent in it; each scenario brings its model. */
export const openAgentWorld = async () => {
  const world = new World({ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ANTHROPIC_MODEL: PRICES.model })
  await linkInstalledAgents(world.paths.data)
  const models: { close(): Promise<void> }[] = []

  const model = async (script: Script) => {
    const started = await startModel(script)
    models.push(started)
    return started
  }
  /** `remote dispatch --detach` in the repository; answers the id. */
  const dispatch = async (cwd: string, env: Record<string, string>, ...args: string[]): Promise<string> => {
    const { code, out, stderr } = await world.cli(['dispatch', '--detach', '--quiet', ...args], { cwd, env })
    if (code !== 0) throw new Error(`dispatch exited with ${code}: ${stderr}`)
    return out.trim()
  }
  const send = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await world.cli(['send', ...args])
    if (code !== 0) throw new Error(`send exited with ${code}: ${stderr}`)
  }
  const log = async (id: string): Promise<Told[]> => {
    const { out } = await world.cli(['logs', id, '--json'])
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
  const waits = (id: string, kind: 'permission' | 'follow_up', what = ''): Promise<Session> =>
    until(
      `${id} waits for a ${kind} ${what}`,
      async () => {
        const session = await world.session(id)
        if (session.state === 'ended') throw new Error(`${id} ended instead: ${session.outcome?.reason}`)
        return session.waiting?.for === kind && (session.waiting.what ?? '').includes(what) ? session : undefined
      },
      60,
    )
  const close = async () => {
    await world.close()
    await Promise.all(models.map((one) => one.close()))
  }
  return { world, model, dispatch, send, log, waits, close }
}

/** Files below the directory whose bytes hold the text. Links are not followed. */
export const filesWith = (dir: string, text: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text))
