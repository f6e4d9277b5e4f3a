import { createHash } from 'node:crypto'
import type { Session, TimelineEntry } from '../../../core/contract/session.ts'
import { auditEntries } from '../../../core/domain/audit-entries.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { SessionStore, TimelineNote } from '../../../core/ports/session-store.ts'
import { type MemoryAuditLog, memoryAuditLog } from './memory-audit-log.ts'
import { type MemoryLedger, memoryLedger } from './memory-ledger.ts'

const chained = (before: string, { hash: _, ...entry }: TimelineEntry) =>
  createHash('sha256')
    .update(`${before}\n${JSON.stringify(entry)}`)
    .digest('hex')

/** Copies in and out: nobody shares an object with the store, as with a real one. */
export const memorySessionStore = (
  clock: Clock,
  ledger: MemoryLedger = memoryLedger(),
  audit: MemoryAuditLog = memoryAuditLog(),
): SessionStore => {
  const sessions = new Map<string, Session>()
  const keys = new Map<string, { bodyHash: string; id: string }>()
  const timelines = new Map<string, TimelineEntry[]>()

  const note = (id: string, notes: readonly TimelineNote[]) => {
    const entries = timelines.get(id) ?? []
    timelines.set(id, entries)
    for (const { by, what, detail } of notes) {
      const entry: TimelineEntry = structuredClone({
        n: entries.length + 1,
        at: new Date(clock.now()).toISOString(),
        by,
        what,
        ...(detail ? { detail } : {}),
        hash: '',
      })
      audit.write(auditEntries(id, [entry]))
      entries.push({ ...entry, hash: chained(entries.at(-1)?.hash ?? '', entry) })
    }
  }
  const copyOf = (id: string) => structuredClone(sessions.get(id))

  return {
    insert: async (session, key, first) => {
      const known = key && keys.get(key.value)
      if (known) {
        const existing = known.bodyHash === key.bodyHash ? copyOf(known.id) : undefined
        return existing ? { done: 'existing', session: existing } : { done: 'conflict' }
      }
      if (key) keys.set(key.value, { bodyHash: key.bodyHash, id: session.id })
      sessions.set(session.id, structuredClone(session))
      note(session.id, [first])
      return { done: 'inserted', session }
    },
    get: async (id) => copyOf(id),
    withKey: async (key) => {
      const known = keys.get(key)
      const session = known && copyOf(known.id)
      return session && { session, bodyHash: known.bodyHash }
    },
    startingWith: async (prefix, limit) =>
      [...sessions.keys()]
        .reverse()
        .filter((id) => id.startsWith(prefix))
        .slice(0, limit),
    list: async ({ active, limit, cursor }) => {
      const all = [...sessions.values()].reverse().filter(({ state }) => !active || state !== 'ended')
      const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1
      const page = all.slice(from, from + limit).map((session) => structuredClone(session))
      const last = page.at(-1)
      return last && all.length > from + limit ? { sessions: page, next: last.id } : { sessions: page }
    },
    save: async (next, notes, spent) => {
      if (sessions.get(next.id)?.version !== next.version - 1) return false
      sessions.set(next.id, structuredClone(next))
      note(next.id, notes)
      if (spent) ledger.write(spent)
      return true
    },
    timeline: async (id) => {
      const entries = structuredClone(timelines.get(id) ?? [])
      return { entries, intact: entries.every((entry, i) => entry.hash === chained(entries[i - 1]?.hash ?? '', entry)) }
    },
  }
}
