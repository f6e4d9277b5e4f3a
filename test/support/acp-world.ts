import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acpDriver } from '../../agent-bootstrap/agents/acp-driver.ts'
import type { AgentRun, DriverContext, Waiting } from '../../agent-bootstrap/agents/driver.ts'
import { killTree, sessionProcesses } from '../../agent-bootstrap/process-tree.ts'
import { Dispatch } from '../../core/contract/dispatch.ts'
import type { EventBody } from '../../core/contract/events.ts'
import type { RunSpec } from '../../core/contract/runner.ts'
import { installedAgentsDir } from './agents.ts'

type More = Partial<Omit<RunSpec, 'request'>> & {
  request?: Partial<RunSpec['request']>
  privateDir?: string
  cwd?: string
  env?: Record<string, string>
  confine?: DriverContext['confine']
}

/** A directory to work in and everything the driver is told, without a runner around it. */
export const openAcpWorld = async (env: Record<string, string>) => {
  const root = await mkdtemp(join(tmpdir(), 'acp-'))
  const places = { cwd: join(root, 'sessions/s-1/work'), privateDir: join(root, 'sessions/s-1/agent'), home: join(root, 'home') }
  await Promise.all(Object.values(places).map((path) => mkdir(path, { recursive: true })))
  const events: EventBody[] = []
  const waits: Waiting[] = []
  const started: AgentRun[] = []

  const contextOf = async ({
    request,
    privateDir = places.privateDir,
    cwd = places.cwd,
    env: moreEnv,
    confine,
    ...spec
  }: More): Promise<DriverContext> => ({
    spec: {
      session: 's-0000000001',
      attempt: 1,
      approve: 'auto',
      bundles: [],
      secrets: {},
      log: { kind: 'spool' },
      nextSeq: 1,
      usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
      inboxAfter: 0,
      ttlSeconds: null,
      idleSeconds: null,
      maxCostUsd: null,
      branch: 'remote/s-0000000001',
      ...spec,
      request: { ...Dispatch.parse({ task: 'the task' }), ...request },
    },
    cwd,
    privateDir,
    env: { PATH: process.env['PATH'] ?? '', HOME: places.home, REMOTE_SESSION: root, ...env, ...moreEnv },
    dataDir: await installedAgentsDir(),
    emit: async (body) => void events.push(body),
    confine: confine ?? (async (command, args, confinedEnv) => ({ command, args, env: confinedEnv })),
    setWaiting: (waiting) => void waits.push(waiting),
  })

  return {
    root,
    ...places,
    events,
    waits,
    start: async (more: More = {}): Promise<AgentRun> => {
      const run = await acpDriver.start(await contextOf(more))
      started.push(run)
      return run
    },
    /** kill -9 of everything of the agent, in no particular order. */
    killAgent: () => {
      for (const { pid } of sessionProcesses(root)) process.kill(pid, 'SIGKILL')
    },
    of: <T extends EventBody['type']>(type: T) =>
      events.filter((event): event is Extract<EventBody, { type: T }> => event.type === type),
    close: async () => {
      for (const run of started) run.kill()
      await killTree(root)
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
}
