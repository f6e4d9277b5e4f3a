import type { AuditEntry } from '../../../core/contract/audit.ts'
import type { AuditLog } from '../../../core/ports/audit-log.ts'

export type MemoryAuditLog = AuditLog & { write(entries: readonly AuditEntry[]): void }

/** `write` is the stores', with what they record. */
export const memoryAuditLog = (): MemoryAuditLog => {
  const known = new Map<string, AuditEntry>()
  const write = (entries: readonly AuditEntry[]) => {
    for (const entry of entries) if (!known.has(entry.id)) known.set(entry.id, structuredClone(entry))
  }
  return {
    write,
    add: async (entry) => write([entry]),
    end: async (id, ended) => {
      const entry = known.get(id)
      if (entry && !entry.ended) known.set(id, { ...entry, ended })
    },
    list: async ({ since, limit, cursor }) => {
      const all = [...known.values()]
        .filter(({ id }) => id >= since && (cursor === undefined || id < cursor))
        .sort((a, b) => (a.id < b.id ? 1 : -1))
      const entries = structuredClone(all.slice(0, limit))
      const last = entries.at(-1)
      return all.length > limit && last ? { entries, next: last.id } : { entries }
    },
  }
}
