import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AGENT_CATALOGUE } from './agent-catalogue.ts'

/**
 * Of the user's Claude settings, what says which model and login to use. Permission rules, modes and hooks stay out: how a
 * session is approved was said at dispatch, and programs of the user's home do not run in it.
 */
const SETTINGS = [
  'model',
  'env',
  'apiKeyHelper',
  'awsAuthRefresh',
  'awsCredentialExport',
  'effortLevel',
  'alwaysThinkingEnabled',
  'language',
  'outputStyle',
  'attribution',
  'includeCoAuthoredBy',
]
const KEYCHAIN_MS = 5000

/** Removes what an agent may have put where we are going to read or write: a link that leads elsewhere, a pipe that never ends. */
const onlyReal = async (path: string, what: 'isDirectory' | 'isFile'): Promise<void> => {
  const facts = await lstat(path).catch(() => undefined)
  if (facts && !facts[what]()) await rm(path, { recursive: true, force: true })
}

const readJson = async (file: string): Promise<Record<string, unknown>> => {
  const parsed: unknown = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined) // no such file, or one its owner broke: then there is nothing to take over
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
}
const pick = (from: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))

const writePrivate = async (file: string, text: string) => {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600 })
}

/** macOS keeps the login in the keychain, which a sandboxed process does not reach. */
const fromKeychain = async (): Promise<string | undefined> => {
  if (process.platform !== 'darwin') return undefined
  const asked = promisify(execFile)('security', ['find-generic-password', '-s', 'Claude Code-credentials', '-w'], {
    timeout: KEYCHAIN_MS,
  })
  return asked.then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}

const prepareClaude = async (folder: string, user: string, accountFile: string) => {
  await writePrivate(join(folder, 'settings.json'), JSON.stringify(pick(await readJson(join(user, 'settings.json')), SETTINGS)))
  const login = existsSync(join(folder, '.credentials.json')) ? undefined : await fromKeychain()
  if (login !== undefined) await writePrivate(join(folder, '.credentials.json'), login)
  await onlyReal(join(folder, '.claude.json'), 'isFile')
  const mine = await readJson(join(folder, '.claude.json'))
  const theirs = pick(await readJson(accountFile), ['oauthAccount', 'userID'])
  await writePrivate(join(folder, '.claude.json'), JSON.stringify({ hasCompletedOnboarding: true, ...theirs, ...mine }))
}

/** A copy that the agent renewed (its login, in a former attempt) is newer than the user's, and stays. */
const isCurrent = async (copy: string, original: string): Promise<boolean> =>
  existsSync(copy) && (await stat(copy)).mtimeMs >= (await stat(original)).mtimeMs

/**
 * The agent's configuration directory in the session's private directory: its memory lives and dies with the session, and the
 * user's login is there as a copy. Answers the variables that point the agent to it. May be repeated.
 */
export const prepareAgentHome = async (
  agent: string,
  privateDir: string,
  env: Record<string, string>,
): Promise<Record<string, string>> => {
  const entry = AGENT_CATALOGUE[agent]
  if (!entry) return {}
  const home = env['HOME'] ?? homedir()
  const folder = join(privateDir, entry.configFolder)
  const named = env[entry.configVariable]
  // A relative one would lead from where the runner stands into the checkout.
  const own = named?.startsWith('/') ? named : undefined
  const user = own ?? join(home, entry.userFolder)
  await onlyReal(folder, 'isDirectory')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of entry.userFiles) {
    const [original, copy] = [join(user, name), join(folder, name)]
    if (!existsSync(original) || (await isCurrent(copy, original))) continue
    // Whole or not there: half of one would be newer than the user's, and stay.
    const draft = `${copy}.copy`
    for (const path of [draft, copy]) await rm(path, { recursive: true, force: true })
    await cp(original, draft, { recursive: true, dereference: true })
    await rename(draft, copy)
  }
  if (agent === 'claude') await prepareClaude(folder, user, join(own ?? home, '.claude.json'))
  return { [entry.configVariable]: folder }
}
