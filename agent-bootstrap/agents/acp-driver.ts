import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { acpEnvironment } from './acp-environment.ts'
import { openAcpRun } from './acp-run.ts'
import { prepareAgentHome } from './agent-home.ts'
import { copyAgentMemory } from './agent-memory.ts'
import type { AgentRun, Driver, DriverContext } from './driver.ts'
import { provideAgent } from './install-agent.ts'

/** `remote resume` starts another session: what the agent remembers lies beside it, when it was on this machine. */
const inheritMemory = async ({ spec, privateDir, cwd }: DriverContext) => {
  const { resumes } = spec.request
  if (resumes === undefined) return
  const before = join(dirname(dirname(privateDir)), resumes, 'agent')
  if (existsSync(before)) await copyAgentMemory(before, privateDir, cwd)
}

const prepare: NonNullable<Driver['prepare']> = async ({ spec, dataDir, env, emit }) => {
  const { agent, agentCommand } = spec.request
  const notice = (text: string) => void emit({ type: 'notice', level: 'info', text })
  return provideAgent({ agent, agentCommand, dataDir, path: env['PATH'] ?? '', notice })
}

const start = async (context: DriverContext): Promise<AgentRun> => {
  const { spec, privateDir, env } = context
  const program = context.program ?? (await prepare(context))
  await inheritMemory(context)
  const home = await prepareAgentHome(spec.request.agent, privateDir, env)
  return openAcpRun(context, program, acpEnvironment({ ...env, ...home }))
}

/** Any agent that speaks the Agent Client Protocol: Claude, Codex, and others by their command line. */
export const acpDriver: Driver = { resumable: true, prepare, start }
