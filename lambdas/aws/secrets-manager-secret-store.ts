import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SecretName, SessionId } from '../../core/contract/ids.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Grant } from '../../core/contract/runner.ts'
import type { Secret } from '../../core/contract/secret.ts'
import { needsCommand } from '../../core/domain/needs-command.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SecretStore } from '../../core/ports/secret-store.ts'
import { asked, awsName } from './aws-refusal.ts'
import { openSealedTexts } from './dynamo-sealed-texts.ts'
import { openSecretCommands } from './dynamo-secret-commands.ts'
import { openTable, type TableOptions } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'
import { MOST_BYTES, openSecretsManager } from './secrets-manager.ts'
import { openSessionSecret } from './session-secret.ts'

export type SecretsManagerOptions = TableOptions & {
  client: SecretsManagerClient
  /** Secrets are named `remote/<stack>/…`. */
  stack: string
  large: LargeTexts
  clock: Clock
}

export interface SecretsManagerSecretStore extends SecretStore {
  /** Where the secrets of those names are. Throws `refused` naming the first that is missing. */
  arns(names: readonly string[]): Promise<{ name: string; arn: string }[]>
  /** What a machine of the session may read: its one secret, an object of all its values. Names in it that begin with `:` are no variables. */
  granted(session: string): Promise<Grant['secrets']>
  /** Sessions for which something is kept, and since when (milliseconds since 1970). */
  keptSince(): Promise<{ session: string; at: number }[]>
}

/** The value's size and time, for lists: those do not open secrets. */
const described = (bytes: number, setAt: string) => `${bytes} bytes, set ${setAt}`
const DESCRIBED = /^(\d+) bytes, set (\S+)$/

const missing = (name: string) =>
  new RemoteError('refused', `there is no secret named ${name}`, { hint: `set it: remote secrets set ${name}` })
/** What is no variable is the control plane's own. */
const isOwn = ([name]: readonly [string, string]) => name.startsWith(':')

/**
 * Secrets `remote/<stack>/<name>`, and `remote/<stack>/<session>` with what is kept for one session: the name of a session has a dash
 * and that of a secret cannot.
 */
export const openSecretsManagerSecretStore = (options: SecretsManagerOptions): SecretsManagerSecretStore => {
  const { client, stack, large, clock } = options
  const table = openTable(options)
  const manager = openSecretsManager(client)
  const commands = openSecretCommands(table)
  const sealed = openSealedTexts(table, large)
  const prefix = `remote/${stack}/`
  const full = (name: string) => `${prefix}${name}`
  const now = () => new Date(clock.now()).toISOString()
  const describe = (session: string) => ({
    name: full(session),
    description: `kept for session ${session}`,
    tags: { 'remote:stack': stack, 'remote:session': session },
  })
  const ofSession = openSessionSecret(manager, describe, clock)

  const arnOf = async (name: string): Promise<string | undefined> => {
    try {
      const found = await asked('Secrets Manager', client.send(new DescribeSecretCommand({ SecretId: full(name) })))
      return found.DeletedDate ? undefined : found.ARN
    } catch (error) {
      if (awsName(error) === 'ResourceNotFoundException') return undefined
      throw error
    }
  }

  const listed = async (): Promise<Secret[]> =>
    (await manager.list(prefix)).flatMap(({ Name = '', Description = '', LastChangedDate }) => {
      const name = Name.slice(prefix.length)
      const [, bytes = '0', setAt = LastChangedDate?.toISOString() ?? ''] = DESCRIBED.exec(Description) ?? []
      return SecretName.safeParse(name).success ? [{ name, setAt, bytes: Number(bytes) }] : []
    })

  return {
    set: async (name, value) => {
      const bytes = Buffer.byteLength(value)
      if (bytes > MOST_BYTES) {
        throw new RemoteError('too_large', `the value of ${name} has ${bytes} bytes; in the cloud it may have ${MOST_BYTES}`, {
          hint: 'keep what is large elsewhere, and its key as a secret',
        })
      }
      const setAt = now()
      await manager.write({ name: full(name), value, description: described(bytes, setAt), tags: { 'remote:stack': stack } })
      await commands.delete(name)
      return { name, setAt, bytes }
    },
    setCommand: async (name, command) => {
      const secret = await commands.put(name, command, now())
      await manager.delete(full(name))
      return secret
    },
    list: async () => {
      const ofCommands = await commands.list()
      const names = new Set(ofCommands.map(({ name }) => name))
      const all = [...ofCommands, ...(await listed()).filter(({ name }) => !names.has(name))]
      return all.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    delete: async (name) => {
      const isThere = (await commands.among([name])).has(name) || (await arnOf(name)) !== undefined
      if (isThere) await Promise.all([commands.delete(name), manager.delete(full(name))])
      return isThere
    },
    values: async (names) => {
      const [found, ofCommands] = await Promise.all([manager.some([...new Set(names)].map(full)), commands.among(names)])
      const known = new Map(found.map(({ name, value }) => [name, value]))
      return Object.fromEntries(
        names.map((name) => {
          if (ofCommands.has(name)) throw needsCommand(name)
          const value = known.get(full(name))
          if (value === undefined) throw missing(name)
          return [name, value]
        }),
      )
    },
    keep: async (session, kept) => {
      const entries = Object.entries(kept)
      if (entries.length === 0) return
      const key = await ofSession.add(session, Object.fromEntries(entries.filter((entry) => !isOwn(entry))))
      await Promise.all(entries.filter(isOwn).map(([name, value]) => sealed.put(session, key, name, value)))
    },
    kept: async (session) => {
      const secret = await ofSession.get(session)
      return secret ? Object.fromEntries([...Object.entries(secret.values), ...(await sealed.of(session, secret.key))]) : {}
    },
    // The key first: without it what is sealed cannot be read any more, wherever a copy of it may be.
    forget: async (session) => {
      await ofSession.remove(session)
      await sealed.remove(session)
    },
    arns: (names) =>
      Promise.all(
        names.map(async (name) => {
          const arn = await arnOf(name)
          if (arn === undefined) throw missing(name)
          return { name, arn }
        }),
      ),
    granted: async (session) => {
      const arn = await arnOf(session)
      return arn === undefined ? [] : [{ name: session, arn, json: true }]
    },
    keptSince: async () =>
      (await manager.list(full('s-'))).flatMap(({ Name = '', CreatedDate }) => {
        const session = Name.slice(prefix.length)
        return SessionId.safeParse(session).success ? [{ session, at: CreatedDate?.getTime() ?? 0 }] : []
      }),
  }
}
