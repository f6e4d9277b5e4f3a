import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loginIn } from '../core/domain/agent-login.ts'

/** Where an agent would get its login from; `variables` are those of the environment that a session needs for it. Never a value. */
export type Credentials = { agent: string; source: string; ok: boolean; hint?: string; variables: string[] }

type Environment = Readonly<Record<string, string | undefined>>
type Login = {
  agent: string
  folder: { variable: string; name: string }
  file: string
  hint: string
}

const LOGINS: readonly Login[] = [
  {
    agent: 'claude',
    folder: { variable: 'CLAUDE_CONFIG_DIR', name: '.claude' },
    file: '.credentials.json',
    hint: 'Log in with `claude`, or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`).',
  },
  {
    agent: 'codex',
    folder: { variable: 'CODEX_HOME', name: '.codex' },
    file: 'auth.json',
    hint: 'Log in with `codex login`, or set OPENAI_API_KEY.',
  },
]

const KEYCHAIN_MS = 2000
/** Asks only whether there is such an entry: that opens nothing and prompts nobody. */
const inKeychain = (): boolean =>
  process.platform === 'darwin' &&
  spawnSync('security', ['find-generic-password', '-s', 'Claude Code-credentials'], { timeout: KEYCHAIN_MS }).status === 0

/** A Claude login that has run out and cannot renew itself. */
const hasExpired = (file: string): boolean => {
  try {
    const login: { claudeAiOauth?: { expiresAt?: number; refreshToken?: string } } = JSON.parse(readFileSync(file, 'utf8'))
    const { expiresAt, refreshToken } = login.claudeAiOauth ?? {}
    return !refreshToken && expiresAt !== undefined && expiresAt < Date.now()
  } catch {
    return false // not readable as that: the agent itself will say what is wrong with it
  }
}

const find = ({ agent, folder, file, hint }: Login, env: Environment, home: string): Credentials => {
  const has = (name: string) => (env[name] ?? '') !== ''
  const row = loginIn(agent, has)
  if (row) return { agent, source: `${row[0]} in the environment`, ok: true, variables: row.filter(has) }
  const path = join(env[folder.variable] ?? join(home, folder.name), file)
  if (existsSync(path)) {
    if (!hasExpired(path)) return { agent, source: path, ok: true, variables: [] }
    return { agent, source: `${path} (expired)`, ok: false, hint, variables: [] }
  }
  if (agent === 'claude' && inKeychain()) return { agent, source: 'the keychain', ok: true, variables: [] }
  return { agent, source: 'nothing found', ok: false, hint, variables: [] }
}

/** What each known agent would log in with. */
export const findCredentials = (env: Environment, home: string): Credentials[] => LOGINS.map((login) => find(login, env, home))
