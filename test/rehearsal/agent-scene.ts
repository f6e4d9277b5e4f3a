import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AwsClient } from 'aws4fetch'
import type { Session } from '../../core/contract/session.ts'
import { PRICES, type Script, startModel } from '../support/agent-model.ts'
import type { Told } from '../support/agent-scenario.ts'
import { installedAgentsDir } from '../support/agents.ts'
import { REGION } from './cloud.ts'
import { bakeImage } from './debian-root-baked.ts'
import { openRehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots while others do, and of an agent that starts on it. */
const PATIENCE_MS = 150_000
/** Machines reach named ports alone, and those are named before the first one boots. */
const MODELS = 6

/** A model whose script comes later. */
const openModel = async () => {
  let script: Script = () => ({ text: 'Nobody has said what to say.' })
  const model = await startModel((ask) => script(ask))
  return {
    ...model,
    follow: (next: Script) => {
      script = next
    },
  }
}

/** The whole cloud with the real agent in the machines' image, and models on loopback that machines reach. */
export const openAgentScene = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-agent-scene-'))
  const agents = join(await installedAgentsDir(), 'agents')
  const models = await Promise.all(Array.from({ length: MODELS }, openModel))
  const rehearsal = await openRehearsal({
    baked: [bakeImage(join(dir, 'image'), { agents })],
    ports: models.map(({ url }) => Number(new URL(url).port)),
  })
  const { world, env, outputs, cloud } = rehearsal
  const cli: typeof world.cli = async (args, options) => world.cli(args, options)
  const done = async (args: string[], options: Parameters<typeof cli>[1] = {}) => {
    const result = await cli(args, options)
    if (result.code !== 0) throw new Error(`remote ${args.join(' ')} exited with ${result.code}: ${result.stderr}`)
    return result
  }
  await done(['cloud', 'use'])
  const person = new AwsClient({
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    ...{ service: 'execute-api', region: REGION },
  })

  const session = async (id: string): Promise<Session> => {
    const answer = await person.fetch(`${outputs['ApiUrl']}/v1/sessions/${id}`)
    if (!answer.ok) throw new Error(`${id}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Session
  }
  const machinesOf = async (id: string) => (await cloud.control.instances()).filter(({ tags }) => tags['remote:session'] === id)

  return {
    ...{ rehearsal, world, cli, done, session, machinesOf },
    /** The key is in the cloud's own store; where the model is, is said at dispatch. */
    model(script: Script) {
      const model = models.pop()
      if (!model) throw new Error('open more models')
      model.follow(script)
      const flags = ['--env', `ANTHROPIC_BASE_URL=${model.url}`, '--env', `ANTHROPIC_MODEL=${PRICES.model}`]
      return { ...model, flags: [...flags, '--secret', 'ANTHROPIC_API_KEY'] }
    },
    /** `remote dispatch --detach` in the repository; answers the id. */
    dispatch: async (cwd: string, ...args: string[]): Promise<string> =>
      (await done(['dispatch', '--detach', '--quiet', ...args], { cwd })).out.trim(),
    log: async (id: string): Promise<Told[]> => {
      const { out } = await done(['logs', id, '--json'])
      return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    },
    waits: (id: string, kind: 'permission' | 'follow_up', what = ''): Promise<Session> =>
      until(
        `${id} waits for a ${kind} ${what}`,
        async () => {
          const found = await session(id)
          if (found.state === 'ended') throw new Error(`${id} ended instead: ${found.outcome?.reason}`)
          return found.waiting?.for === kind && (found.waiting.what ?? '').includes(what) ? found : undefined
        },
        PATIENCE_MS,
      ),
    ended: (id: string): Promise<Session> =>
      until(
        `${id} has ended`,
        async () => {
          const found = await session(id)
          return found.state === 'ended' ? found : undefined
        },
        PATIENCE_MS,
      ),
    /** The machine that works for it now. */
    machine: (id: string, attempt = 1) =>
      until(
        `attempt ${attempt} of ${id} is on a machine`,
        async () =>
          (await machinesOf(id)).find(({ tags, state }) => tags['remote:attempt'] === `${attempt}` && state === 'running'),
        PATIENCE_MS,
      ),
    gone: (id: string) =>
      until(
        `the machines of ${id} are gone`,
        async () => {
          const all = await machinesOf(id)
          return all.length > 0 && all.every(({ state }) => state === 'terminated') ? all : undefined
        },
        PATIENCE_MS,
      ),
    async close() {
      await rehearsal.close()
      await Promise.all(models.map((one) => one.close()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
export type AgentScene = Awaited<ReturnType<typeof openAgentScene>>
