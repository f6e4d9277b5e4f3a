import { type Connection, connect } from './connect.ts'
import { askSide, cloudsInUse, connectTo } from './control-planes.ts'
import type { Io } from './io.ts'
import { SETTINGS } from './setting-values.ts'
import type { Completes, Verb } from './verbs/verb.ts'

/** What can stand at a place of a command line, and what it is. */
export type Suggestion = { value: string; says: string }

/** Somebody waits with a finger on the key. */
const ANSWER_MS = 2000
const SESSIONS = '100'

const AGENTS: Suggestion[] = [
  { value: 'claude', says: 'Claude Code, through ACP' },
  { value: 'codex', says: 'Codex, through ACP' },
  { value: 'shell', says: 'the task is a command line' },
  { value: 'terminal', says: 'a shell of your own; the task is its name' },
]

/** The daemon that runs; none is started for this. */
const quietly = (io: Io) => connect(io, { quiet: true, start: false })
const SOON = { timeoutMs: ANSWER_MS, once: true }

/** Of every side that answers. */
const fromAll = async (io: Io, ask: (side: Connection) => Promise<Suggestion[]>): Promise<Suggestion[]> => {
  const told = await Promise.all([
    askSide('local', async () => quietly(io), ask),
    ...(await cloudsInUse(io)).map((runtime) => askSide(runtime, () => connectTo(io, runtime, { quiet: true }), ask)),
  ])
  return told.flatMap((one) => ('value' in one ? one.value : []))
}

const sessions = (io: Io): Promise<Suggestion[]> =>
  fromAll(io, async (side) => {
    const list = await side.get('/v1/sessions', { query: { all: '1', limit: SESSIONS } }, SOON)
    return list.sessions.map(({ id, title, state }) => ({ value: id, says: `${state}: ${title}` }))
  })

const workspaces = (io: Io): Promise<Suggestion[]> =>
  fromAll(io, async (side) => {
    const list = await side.get('/v1/workspaces', {}, SOON)
    return list.workspaces.map(({ name }) => ({ value: name, says: side.runtime }))
  })

const secrets = (io: Io): Promise<Suggestion[]> =>
  fromAll(io, async (side) => {
    const list = await side.get('/v1/secrets', {}, SOON)
    return list.secrets.map(({ name }) => ({ value: name, says: `secret, ${side.runtime}` }))
  })

const clouds = async (io: Io): Promise<Suggestion[]> => {
  const known = (await import('./cloud/clouds-file.ts')).readClouds(io.env)
  return Object.entries(known.clouds).map(([key, { stack }]) => ({ value: `cloud:${key}`, says: `stack ${stack}` }))
}

const runtimes = async (io: Io): Promise<Suggestion[]> => [
  { value: 'local', says: 'this computer' },
  { value: 'cloud', says: 'your AWS account' },
  ...(await clouds(io)),
]

const directories = async (io: Io, typed: string): Promise<Suggestion[]> => {
  const { readdir } = await import('node:fs/promises')
  const { resolve } = await import('node:path')
  const base = typed.slice(0, typed.lastIndexOf('/') + 1)
  const entries = await readdir(resolve(io.cwd, base || '.'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ value: `${base}${name}/`, says: 'directory' }))
}

/** Verbs, and the first words of verbs of two. */
export const firstWords = (verbs: readonly Verb[]): Suggestion[] => {
  const found = new Map<string, string>()
  for (const { name, summary, hidden } of verbs) {
    const [first = name, second] = name.split(' ')
    const before = found.get(first)
    if (!hidden) found.set(first, second === undefined ? summary : `${before ? `${before}, ` : ''}${second}`)
  }
  return [...found].map(([value, says]) => ({ value, says }))
}

/** Everything of a kind; what fits is the caller's to choose. */
export const suggestions = (io: Io, kind: Completes, typed: string, verbs: readonly Verb[]): Promise<Suggestion[]> => {
  switch (kind) {
    case 'session':
      return sessions(io)
    case 'workspace':
      return workspaces(io)
    case 'secret':
      return secrets(io)
    case 'runtime':
      return runtimes(io)
    case 'cloud':
      return clouds(io)
    case 'verb':
      return Promise.resolve(firstWords(verbs))
    case 'setting':
      return Promise.resolve([...SETTINGS.values()].map(({ name, summary }) => ({ value: name, says: summary })))
    case 'agent':
      return Promise.resolve(AGENTS)
    case 'directory':
      return directories(io, typed)
  }
}
