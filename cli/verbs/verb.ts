import type { Flags } from '../flags.ts'
import type { Io } from '../io.ts'

export type FlagType = 'string' | 'duration' | 'size' | 'money' | 'count' | 'boolean' | 'list'
export type Completes = 'session' | 'workspace' | 'secret' | 'verb' | 'setting' | 'directory' | 'agent' | 'runtime' | 'cloud'

export type Flag = {
  name: string
  type: FlagType
  summary: string
  /** What the help calls its value. */
  value?: string
  choices?: readonly string[]
  completes?: Completes
}

export type Argument = {
  name: string
  summary: string
  optional?: boolean
  /** Takes all words that are left. */
  rest?: boolean
  choices?: readonly string[]
  completes?: Completes
}

/** `verbs`: all there are, for those that speak about others. */
export type Call = { io: Io; args: readonly string[]; flags: Flags; verbs: readonly Verb[] }
/** Resolves to the exit code. */
export type Command = (call: Call) => Promise<number>

export type Verb = {
  /** One or two words. */
  name: string
  group: 'work' | 'keep' | 'places' | 'money' | 'self'
  summary: string
  /** More, for its own help. */
  about?: string
  args: readonly Argument[]
  flags: readonly Flag[]
  /** Command lines that run as they stand, with what they do. */
  examples: readonly (readonly [command: string, says: string])[]
  hidden?: boolean
  /** Loads what it takes to run it, and nothing before. */
  load: () => Promise<Command>
}

export const JSON_FLAG: Flag = { name: 'json', type: 'boolean', summary: 'print the record that the API returns' }
export const QUIET_FLAG: Flag = { name: 'quiet', type: 'boolean', summary: 'say nothing of our own; print ids only' }
/** For what is kept on one side: secrets, workspaces. */
export const ON_FLAG: Flag = {
  name: 'on',
  type: 'string',
  value: 'RUNTIME',
  summary: 'where: local, cloud, cloud:NAME (your default when left out)',
  completes: 'runtime',
}
export const SESSION: Argument = { name: 'SESSION', summary: 'id of a session, or any unique prefix of it', completes: 'session' }
