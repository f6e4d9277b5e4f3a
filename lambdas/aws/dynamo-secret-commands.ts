import type { Secret } from '../../core/contract/secret.ts'
import { type Item, type Key, S, type Table, text } from './dynamo-table.ts'

const PARTITION = 'secrets'
const PREFIX = 'command#'

const key = (name: string): Key => ({ pk: PARTITION, sk: `${PREFIX}${name}` })
const secretOf = (item: Item): Secret => ({
  name: text(item['sk']).slice(PREFIX.length),
  setAt: text(item['setAt']),
  bytes: 0,
  command: text(item['command']),
})

/** Secrets that are what a command prints at each dispatch: the command is not secret, and lists show it. Items `secrets` / `command#<name>`. */
export const openSecretCommands = (table: Table) => ({
  put: async (name: string, command: string, setAt: string): Promise<Secret> => {
    const item = { pk: S(PARTITION), sk: S(key(name).sk), command: S(command), setAt: S(setAt) }
    await table.put({ put: item })
    return secretOf(item)
  },
  list: async (): Promise<Secret[]> => {
    const where = '#pk = :pk AND begins_with(#sk, :command)'
    return (await table.query({ where, values: { pk: S(PARTITION), command: S(PREFIX) } })).map(secretOf)
  },
  /** Which of the names are commands. */
  among: async (names: readonly string[]): Promise<Set<string>> =>
    new Set((await table.some([...new Set(names)].map(key))).map((item) => secretOf(item).name)),
  delete: (name: string): Promise<void> => table.delete(key(name)),
})
