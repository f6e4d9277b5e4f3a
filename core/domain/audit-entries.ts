import type { AuditEntry } from '../contract/audit.ts'
import { SELF } from '../contract/self.ts'
import type { TimelineEntry } from '../contract/session.ts'

/** A timeline's part of the audit log: what people did, which is done as it is noted. `name`: of a session, or the budget. */
export const auditEntries = (name: string, entries: readonly Omit<TimelineEntry, 'hash'>[]): AuditEntry[] =>
  entries
    .filter(({ by }) => by !== SELF)
    .map(({ n, at, by, what, detail }) => ({
      id: `${at}#${n}#${name}`,
      at,
      by,
      what,
      on: name.startsWith('s-') ? `session ${name}` : name,
      ...(detail && { detail }),
      ended: { at, code: 'done' },
    }))
