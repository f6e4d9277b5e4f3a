import { mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isCommand } from '../core/contract/is-command.ts'
import type { Outcome } from '../core/contract/outcome.ts'
import type { RunSpec } from '../core/contract/runner.ts'
import { agentEnvironment } from './agent-environment.ts'
import type { AgentRun, DriverContext, Emit } from './agents/driver.ts'
import type { Checkout } from './bring-result.ts'
import type { ControlPlane } from './control-plane-client.ts'
import { around } from './failpoints.ts'
import { begunAnew, firstPrompt } from './first-prompt.ts'
import { pickDriver } from './pick-driver.ts'
import type { RunnerArguments } from './runner-arguments.ts'
import type { Turns } from './turns.ts'

/** `now`: the spec as it is by now, the agent's own session and what is left of the budget. */
export type Again = (text: string, now: RunSpec) => Promise<Outcome>

export type RunAgentOptions = {
  args: RunnerArguments
  spec: RunSpec
  plane: Pick<ControlPlane, 'fetchBundle'>
  workDir: string
  emit: Emit
  turns: Turns
  setWaiting: DriverContext['setWaiting']
  seat: DriverContext['seat']
  onCheckout(checkout: Checkout): void
  /** `again`: a further turn, once the agent was stopped. */
  onAgent(agent: AgentRun, again: Again): void
  /** Nothing that the command starts outlives it: the kernel sees to that. */
  onContained(): void
  /** Throws once the session is to end: nothing new may start then. */
  check(): void
}

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // not there, or a way to it that nobody can go
  }
}

const openPlace = async ({ args, spec, workDir, emit }: RunAgentOptions, privateDir: string, home: string) => {
  const { openSandbox } = await import('./sandbox.ts')
  const wanted = spec.request.sandbox !== 'off'
  const sandbox = await openSandbox({
    sessionDir: args.dir,
    workDir,
    privateDir,
    cacheDir: args.cache,
    repository: spec.request.repository?.id,
    dataDir: args.data,
    socket: args.endpoint.startsWith('unix:') ? args.endpoint.slice('unix:'.length) : undefined,
    home,
    wanted,
  })
  if (wanted && sandbox.kind !== 'sandbox')
    await emit({ type: 'notice', level: 'warn', text: `Not in a sandbox: ${sandbox.why}.` })
  return sandbox
}

const openRepository = async ({ args, spec, plane, workDir, onCheckout }: RunAgentOptions) => {
  if (!spec.request.repository) return
  const { bringRepository } = await import('./bring-repository.ts')
  onCheckout(await bringRepository(args, spec, plane, workDir))
}

/** The session's work from the empty machine to the agent's last turn. Throws refusals. */
export const runAgent = async (options: RunAgentOptions): Promise<Outcome> => {
  const { args, spec, workDir, emit, turns, check } = options
  const privateDir = join(args.dir, 'agent')
  // Not `node:fs/promises`, here and in all that a shell session loads: it takes 1.5 ms to load, and these calls none.
  for (const dir of [workDir, privateDir]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  const env = agentEnvironment(spec)
  const driverSoon = pickDriver(spec)
  const programSoon = driverSoon.then(({ prepare }) => prepare?.({ spec, env, dataDir: args.data, emit }))
  programSoon.catch(() => undefined) // awaited below; a refusal before that must not leave it unheard
  // Together: the fence is put around what is there when the first command starts.
  const [sandbox] = await Promise.all([openPlace(options, privateDir, env['HOME'] ?? homedir()), openRepository(options)])
  if (process.platform === 'linux' && sandbox.kind !== 'none' && isCommand(spec.request.agent)) options.onContained()
  check()
  const cwd = join(workDir, spec.request.cwd ?? '.')
  if (!isDirectory(cwd))
    return { outcome: 'refused', code: 'cwd', reason: `There is no directory ${spec.request.cwd} in the repository.` }

  const confine: DriverContext['confine'] = async (command, commandArgs, commandEnv, how) => {
    const confined = await sandbox.confine(command, commandArgs, commandEnv, how)
    check()
    return confined
  }
  if (spec.request.home) {
    const { bringHome } = await import('./bring-home.ts')
    await bringHome({ args, spec, plane: options.plane, privateDir, env, confine })
    check()
  }
  if (spec.request.setup) {
    const { cachedSetup } = await import('./cached-setup.ts')
    const failure = await cachedSetup({ spec, workDir, cwd, env, dataDir: args.data, confine, emit })
    if (failure) return { outcome: 'failed', code: 'setup', reason: `The setup command "${failure.command}" ${failure.how}.` }
    check()
  }

  const [driver, program] = await Promise.all([driverSoon, programSoon])
  const start = async (now: RunSpec): Promise<AgentRun> => {
    const agent = await around('start agent', () =>
      driver.start({
        ...{ spec: now, cwd, env, privateDir, dataDir: args.data, emit, confine },
        setWaiting: options.setWaiting,
        seat: options.seat,
        program,
      }),
    )
    options.onAgent(agent, again)
    check()
    return agent
  }
  const again: Again = async (text, now) => {
    const agent = await start(now)
    if (agent.handle() === now.agentHandle) return turns.run(agent, text)
    const anew = begunAnew(spec.request.task, text)
    await emit({ type: 'notice', level: 'warn', text: anew.notice })
    return turns.run(agent, anew.text)
  }
  const agent = await start(spec)
  const { text, notice } = firstPrompt(spec, args.dir, spec.agentHandle !== undefined && agent.handle() === spec.agentHandle)
  if (notice !== undefined) await emit({ type: 'notice', level: 'warn', text: notice })
  return around('turns', () => turns.run(agent, text))
}
