import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../core/contract/audit.ts'
import type { AuditLog } from '../../core/ports/audit-log.ts'
import type { Ledger } from '../../core/ports/ledger.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { sampleSession } from './sample-session.ts'

export type AuditBooks = { audit: AuditLog; sessions: SessionStore; ledger: Ledger }

const DAY_MS = 86_400_000
const daysAgo = (days: number, ms = 0) => new Date(Date.now() - days * DAY_MS + ms).toISOString()
const entry = (at: string, n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  id: `${at}#${n}`,
  at,
  by: 'ada',
  what: 'secret set',
  on: 'secret TOKEN',
  ...more,
})
const ALL = { since: '', limit: 500 }

/** What every audit log promises, together with the stores that write to it. */
export const keepsTheAuditLogPromise = (name: string, open: () => AuditBooks | Promise<AuditBooks>) =>
  describe(`audit log: ${name}`, () => {
    it('what is added is there, newest first, and the same again is none', async () => {
      const { audit } = await open()
      const entries = [entry(daysAgo(20), 1, { detail: { kind: 'ünï' } }), entry(daysAgo(2), 2), entry(daysAgo(2, 1), 3)]
      for (const one of [...entries, entries[0] as AuditEntry]) await audit.add(one)
      expect(await audit.list(ALL)).toEqual({ entries: entries.toReversed() })
      expect((await audit.list({ since: daysAgo(3), limit: 500 })).entries).toEqual([entries[2], entries[1]])
    })

    it('an end is written once, of what is there', async () => {
      const { audit } = await open()
      const one = entry(daysAgo(1), 1)
      await audit.add(one)
      const [first, second] = [
        { at: daysAgo(1), code: 'done' },
        { at: daysAgo(0), code: 'held' },
      ]
      await audit.end(one.id, first)
      await audit.end(one.id, second)
      await audit.add(one)
      await audit.end(entry(daysAgo(1), 2).id, second)
      expect(await audit.list(ALL)).toEqual({ entries: [{ ...one, ended: first }] })
    })

    it('pages join without a hole or a double, across months too', async () => {
      const { audit } = await open()
      const entries = Array.from({ length: 25 }, (_, n) => entry(daysAgo(25 - n), n))
      await Promise.all(entries.map((one) => audit.add(one)))
      const found: AuditEntry[] = []
      let cursor: string | undefined
      do {
        const page = await audit.list({ since: '', limit: 7, cursor })
        expect(page.entries.length).toBeLessThanOrEqual(7)
        found.push(...page.entries)
        cursor = page.next
      } while (cursor !== undefined)
      expect(found).toEqual(entries.toReversed())
    })

    it('what people do to a session is in it with the change, and only then; what nobody asked for is not', async () => {
      const { audit, sessions } = await open()
      const session = sampleSession()
      await sessions.insert(session, undefined, { by: 'ada', what: 'dispatched', detail: { agent: 'shell' } })
      const notes = [
        { by: 'remote', what: 'placed' },
        { by: 'bob', what: 'stop asked' },
      ]
      expect(await sessions.save({ ...session, version: 2 }, notes)).toBe(true)
      expect(await sessions.save({ ...session, version: 2 }, [{ by: 'eve', what: 'stop asked' }])).toBe(false)
      const { entries } = await audit.list(ALL)
      expect(entries).toMatchObject([
        { by: 'bob', what: 'stop asked', on: `session ${session.id}`, ended: { code: 'done' } },
        { by: 'ada', what: 'dispatched', on: `session ${session.id}`, detail: { agent: 'shell' }, ended: { code: 'done' } },
      ])
      const timeline = (await sessions.timeline(session.id)).entries
      expect(entries.map(({ at }) => at)).toEqual([timeline[2]?.at, timeline[0]?.at])
    })

    it('who changed the budget is in it', async () => {
      const { audit, ledger } = await open()
      const at = daysAgo(0)
      await ledger.setBudget({ dailyUsd: 5, by: 'ada', at })
      expect((await audit.list(ALL)).entries).toMatchObject([{ at, by: 'ada', on: 'budget', detail: { dailyUsd: 5 } }])
    })
  })
