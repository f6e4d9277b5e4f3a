import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'
import { pathsOf } from './connect.ts'
import { Flags, type FlagValue } from './flags.ts'
import type { Io } from './io.ts'
import { nearest } from './nearest.ts'
import { convertSetting, SETTINGS } from './setting-values.ts'

export type Project = { secrets: string[]; env: Record<string, string>; setup?: { commands: string[]; inputs: string[] } }
export type Settled = {
  /** Flags, completed from the environment and the files. */
  flags: Flags
  /** Where each value comes from: `flag`, the variable, or the file. */
  origins: ReadonlyMap<string, string>
  project: Project
}

type Table = Record<string, unknown>
const SECTIONS = ['defaults', 'setup', 'secrets', 'env']

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)
const wrong = (file: string, what: string, hint?: string) => new RemoteError('usage', `${file}: ${what}`, { hint })

export const userConfigFile = (env: NodeJS.ProcessEnv): string => join(pathsOf(env).config, 'config.toml')
export const variableOf = (key: string): string => `REMOTE_${key.toUpperCase().replaceAll('-', '_')}`

/** `remote.toml` at the root of the repository around `from`. */
export const projectFile = (from: string): string | undefined => {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, '.git'))) return existsSync(join(dir, 'remote.toml')) ? join(dir, 'remote.toml') : undefined
    if (dirname(dir) === dir) return undefined
  }
}

export const readToml = async (file: string): Promise<Table> => {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (!facts) return {}
  // Whoever reads one waits for somebody to write.
  if (facts.isFIFO()) throw wrong(file, 'it is a pipe', 'it is to be a file')
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(await readFile(file, 'utf8'))
  } catch (cause) {
    const [what = ''] = cause instanceof Error ? cause.message.split('\n') : []
    const line = cause instanceof TomlError ? `line ${cause.line}: ` : ''
    throw wrong(file, `${line}${what}`, line === '' ? 'it is to be a file that can be read' : 'texts stand in quotes: ttl = "2h"')
  }
}

const checkNames = (file: string, given: readonly string[], known: readonly string[], what: string) => {
  const odd = given.find((name) => !known.includes(name))
  if (odd === undefined) return
  const meant = nearest(odd, known)
  throw wrong(file, `\`${odd.slice(0, 60)}\` is not ${what}`, meant ? `did you mean ${meant}?` : `known: ${known.join(', ')}`)
}

/** The values of `[defaults]`, checked and converted. */
export const defaultsOf = (file: string, table: Table): Map<string, FlagValue> => {
  const defaults = table['defaults'] ?? {}
  if (!isTable(defaults)) throw wrong(file, '[defaults] is not a table')
  checkNames(file, Object.keys(defaults), [...SETTINGS.keys()], 'a setting')
  return new Map(Object.entries(defaults).map(([key, value]) => [key, convertSetting(key, value, `${file}: ${key}`)]))
}

/** `remote.toml` comes from whoever wrote the repository: it may be stricter than the user, never laxer, and it names no program. */
const LEFT_TO_THE_USER: Record<string, (value: FlagValue) => boolean> = {
  'agent-command': () => true,
  approve: (value) => value === 'auto',
  sandbox: (value) => value === 'off',
  dotfiles: () => true,
}

const projectDefaults = (file: string, table: Table): Map<string, FlagValue> => {
  const defaults = defaultsOf(file, table)
  const [bad] = [...defaults].find(([key, value]) => LEFT_TO_THE_USER[key]?.(value)) ?? []
  if (bad === undefined) return defaults
  throw wrong(
    file,
    `\`${bad}\` = ${JSON.stringify(defaults.get(bad))} is not for a repository to decide`,
    `if you want it: --${bad}, ${variableOf(bad)}, or remote config set ${bad}`,
  )
}

const texts = (file: string, name: string, value: unknown): string[] => {
  if (value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  if (list.every((one) => typeof one === 'string')) return list
  throw wrong(file, `${name} is not a list of texts`)
}

/** They say where the user's own files are: an agent's login and settings are read there, outside of the sandbox. */
const PLACES_OF_THE_USER = ['HOME', 'CLAUDE_CONFIG_DIR', 'CODEX_HOME']

const projectOf = (file: string, table: Table): Project => {
  checkNames(file, Object.keys(table), SECTIONS, 'a section')
  const { setup = {}, secrets = {}, env = {} } = table
  if (!isTable(setup) || !isTable(secrets) || !isTable(env))
    throw wrong(file, 'setup, secrets and env are tables', 'for example: [setup]\n  commands = ["npm ci"]')
  checkNames(file, Object.keys(setup), ['commands', 'inputs'], 'known in [setup]')
  checkNames(file, Object.keys(secrets), ['names'], 'known in [secrets]')
  const place = PLACES_OF_THE_USER.find((name) => name in env)
  if (place !== undefined)
    throw wrong(file, `[env] ${place} is not for a repository to decide`, `if you want it: --env ${place}=…`)
  const commands = texts(file, 'setup.commands', setup['commands'])
  return {
    secrets: texts(file, 'secrets.names', secrets['names']),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
    ...(commands.length > 0 ? { setup: { commands, inputs: texts(file, 'setup.inputs', setup['inputs']) } } : {}),
  }
}

const fromEnvironment = (env: NodeJS.ProcessEnv): Map<string, { value: FlagValue; origin: string }> => {
  const found = new Map<string, { value: FlagValue; origin: string }>()
  for (const key of SETTINGS.keys()) {
    const origin = variableOf(key)
    const value = env[origin]
    if (value !== undefined && value !== '') found.set(key, { value: convertSetting(key, value, origin), origin })
  }
  return found
}

/** Every setting by its precedence: flag, REMOTE_* variable, remote.toml of the repository around `from`, the user's own file. */
export const settle = async (io: Pick<Io, 'env'>, flags: Flags, from: string): Promise<Settled> => {
  const own = userConfigFile(io.env)
  const project = projectFile(from)
  const [ownTable, projectTable] = await Promise.all([readToml(own), project ? readToml(project) : {}])
  const values = new Map<string, FlagValue>()
  const origins = new Map<string, string>()
  const put = (key: string, value: FlagValue, origin: string) => {
    values.set(key, value)
    origins.set(key, origin)
  }
  for (const [key, value] of defaultsOf(own, ownTable)) put(key, value, own)
  if (project) for (const [key, value] of projectDefaults(project, projectTable)) put(key, value, project)
  for (const [key, { value, origin }] of fromEnvironment(io.env)) put(key, value, origin)
  for (const [key, value] of flags.entries()) put(key, value, 'flag')
  return { flags: new Flags(values), origins, project: project ? projectOf(project, projectTable) : { secrets: [], env: {} } }
}
