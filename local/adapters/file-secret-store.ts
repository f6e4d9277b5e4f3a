import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { needsCommand } from '../../core/domain/needs-command.ts'
import type { SecretStore } from '../../core/ports/secret-store.ts'
import { readJson } from './read-json.ts'
import { writeAtomically } from './write-atomically.ts'

// Lists and maps, not objects: `__proto__` is a possible name.
const Entry = z.object({ name: z.string(), value: z.string(), setAt: z.string(), command: z.string().optional() })
type Entry = z.infer<typeof Entry>
const Stored = z.object({ secrets: z.array(Entry) })
const Kept = z.array(z.tuple([z.string(), z.string()]))
const shown = ({ name, value, setAt, command }: Entry) => ({
  name,
  setAt,
  bytes: Buffer.byteLength(value),
  ...(command === undefined ? {} : { command }),
})

/** Secrets in one 0600 file, replaced as a whole; values of single sessions in a file each below `keptDir`. */
export const openFileSecretStore = (file: string, keptDir: string): SecretStore => {
  const read = async () => {
    const stored = await readJson(file, (value) => Stored.parse(value))
    return new Map((stored?.secrets ?? []).map((entry) => [entry.name, entry]))
  }
  const keptFile = (session: string) => join(keptDir, `${session}.json`)
  const readKept = async (session: string) => (await readJson(keptFile(session), (value) => Kept.parse(value))) ?? []

  // One change at a time: two would both start from the same content.
  let changes: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = changes.then(work)
    changes = next.catch(() => undefined)
    return next
  }
  const change = <T>(work: (secrets: Map<string, Entry>) => T): Promise<T> =>
    inTurn(async () => {
      const secrets = await read()
      const answer = work(secrets)
      await writeAtomically(file, `${JSON.stringify({ secrets: [...secrets.values()] }, undefined, 2)}\n`)
      return answer
    })

  const put = (given: Omit<Entry, 'setAt'>) =>
    change((secrets) => {
      const entry = { ...given, setAt: new Date().toISOString() }
      secrets.set(entry.name, entry)
      return shown(entry)
    })

  return {
    set: (name, value) => put({ name, value }),
    setCommand: (name, command) => put({ name, value: '', command }),
    list: async () => [...(await read()).values()].map(shown).sort((a, b) => (a.name < b.name ? -1 : 1)),
    delete: (name) => change((secrets) => secrets.delete(name)),
    values: async (names) => {
      const secrets = names.length > 0 ? await read() : new Map<string, Entry>()
      return Object.fromEntries(
        names.map((name) => {
          const entry = secrets.get(name)
          if (entry?.command !== undefined) throw needsCommand(name)
          if (entry) return [name, entry.value]
          throw new RemoteError('refused', `there is no secret named ${name}`, { hint: `set it: remote secrets set ${name}` })
        }),
      )
    },
    keep: async (session, values) => {
      if (Object.keys(values).length === 0) return
      await inTurn(async () => {
        const all = new Map([...(await readKept(session)), ...Object.entries(values)])
        await writeAtomically(keptFile(session), JSON.stringify([...all]))
      })
    },
    kept: async (session) => Object.fromEntries(await readKept(session)),
    forget: (session) => inTurn(() => rm(keptFile(session), { force: true })),
  }
}
