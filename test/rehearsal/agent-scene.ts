import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentPlace } from '../scenarios/real-agent-scenarios.ts'
import { PRICES, type Script, startModel } from '../support/agent-model.ts'
import { installedAgentsDir } from '../support/agents.ts'
import { openCloudPlace } from './cloud-place.ts'
import { bakeImage } from './debian-root-baked.ts'

/** Machines reach named ports alone, and those are named before the first one boots. */
const MODELS = 8

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
  const place = await openCloudPlace({
    baked: [bakeImage(join(dir, 'image'), { agents })],
    ports: models.map(({ url }) => Number(new URL(url).port)),
  })
  const unused = [...models]
  /** The key is in the cloud's own store; where the model is, is said at dispatch. */
  const model: AgentPlace['model'] = async (script) => {
    const next = unused.pop()
    if (!next) throw new Error('open more models')
    next.follow(script)
    const flags = ['--env', `ANTHROPIC_BASE_URL=${next.url}`, '--env', `ANTHROPIC_MODEL=${PRICES.model}`]
    return { ...next, env: {}, flags: [...flags, '--secret', 'ANTHROPIC_API_KEY'] }
  }
  return {
    ...place,
    model,
    close: async () => {
      await place.close()
      await Promise.all(models.map((one) => one.close()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
export type AgentScene = Awaited<ReturnType<typeof openAgentScene>>
