import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { localChecks } from './connect.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const RUN_MS = 5000
const [MIN_NODE_MAJOR, MIN_NODE_MINOR] = [22, 13]
/** `git bundle` of a snapshot, and --show-object-format, need no newer one. */
const MIN_GIT = [2, 28] as const

const printed = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(command, args, { env, timeout: RUN_MS }, (error, stdout) => resolve(error ? undefined : stdout.trim()))
  })

export const checkNode = (): Finding => {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const isEnough = major > MIN_NODE_MAJOR || (major === MIN_NODE_MAJOR && minor >= MIN_NODE_MINOR)
  return isEnough
    ? ok('node', `${node}, ${process.execPath}`)
    : fail('node', `${node} is too old`, `at least ${MIN_NODE_MAJOR}.${MIN_NODE_MINOR} is needed`)
}

export const checkGit = async (env: NodeJS.ProcessEnv): Promise<Finding> => {
  const text = await printed('git', ['--version'], env)
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text ?? '') ?? []).map(Number)
  if (text === undefined) return fail('git', 'git is not on the PATH', 'install it; without it only --no-repo sessions run')
  const isEnough = major > MIN_GIT[0] || (major === MIN_GIT[0] && minor >= MIN_GIT[1])
  return isEnough
    ? ok('git', text.replace('git version ', ''))
    : fail('git', `${text} is too old`, `at least ${MIN_GIT.join('.')} is needed`)
}

export const checkSandbox = async (): Promise<Finding> => {
  const { canSandbox } = await localChecks()
  if (await canSandbox()) return ok('sandbox', process.platform === 'darwin' ? 'Seatbelt works' : 'bubblewrap works')
  const hint =
    process.platform === 'linux'
      ? 'install bubblewrap and allow user namespaces (Debian: apt-get install bubblewrap socat ripgrep)'
      : 'this platform has none'
  return warn('sandbox', 'there is none: sessions see what you see, and agents ask before they act', hint)
}

/** ACP adapters by agent. */
const ADAPTERS: Record<string, string> = { claude: 'claude-agent-acp', codex: 'codex-acp' }

const whereIs = (agent: string, env: NodeJS.ProcessEnv, dataDir: string): string => {
  const agents = join(dataDir, 'agents')
  const own = existsSync(agents)
    ? readdirSync(agents).find((name) => name.startsWith(`${agent}@`) && !name.endsWith('.lock'))
    : undefined
  if (own) return `installed (${own})`
  const program = ADAPTERS[agent] ?? agent
  const found = (env['PATH'] ?? '')
    .split(':')
    .map((dir) => join(dir, program))
    .find((path) => existsSync(path))
  return found ?? 'installed when first used'
}

/** What each agent is and would log in with. */
export const checkAgents = async (env: NodeJS.ProcessEnv, home: string, dataDir: string): Promise<Finding[]> => {
  const { findCredentials } = await localChecks()
  return findCredentials(env, home).map(({ agent, source, ok: isOk, hint }) => {
    const says = `${whereIs(agent, env, dataDir)}; login: ${source}`
    return isOk ? ok(`agent ${agent}`, says) : warn(`agent ${agent}`, says, hint ?? 'log in with it first')
  })
}
