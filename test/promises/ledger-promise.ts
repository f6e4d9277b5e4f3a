import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import type { LedgerEntry } from '../../core/contract/spend.ts'
import { counted, entryKey, ledgerEntries } from '../../core/domain/spent.ts'
import type { Ledger } from '../../core/ports/ledger.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { sampleSession } from './sample-session.ts'

const costing = (agentUsd: number, computeUsd = 0) => ({
  computeUsd,
  volumeUsd: 0,
  addressUsd: 0,
  controlPlaneUsd: 0,
  agentUsd,
  totalUsd: agentUsd + computeUsd,
})
const dispatched = { by: 'ada', what: 'dispatched' }
const DAYS = ['2026-11-19', '2026-11-20', '2026-11-21'] as const

export type Books = { sessions: SessionStore; ledger: Ledger }

/** What every ledger promises, together with the store that writes it. `runs`: how many histories are tried. */
export const keepsTheLedgerPromise = (name: string, open: () => Books | Promise<Books>, runs: number) =>
  describe(`ledger: ${name}`, () => {
    const endedOn = (day: string, cost: Session['cost'], more: Partial<Session> = {}): Session =>
      sampleSession({ version: 2, state: 'ended', costDay: day, cost, endedAt: `${day}T12:00:00.000Z`, ...more })
    const insert = async ({ sessions }: Books, after: Session) => {
      await sessions.insert({ ...after, version: after.version - 1, state: 'queued', cost: costing(0) }, undefined, dispatched)
    }
    const end = async (books: Books, session: Session) => {
      const { session: next, spent } = counted(session)
      return books.sessions.save(next, [{ by: 'remote', what: 'ended' }], spent)
    }

    it('what a session cost is written with its end, and found by its days', async () => {
      const books = await open()
      const one = endedOn('2026-11-20', costing(0.25, 1), {
        title: 'ünï',
        closedDays: [{ day: '2026-11-19', cost: costing(0, 0.5) }],
      })
      const other = endedOn('2026-11-21', costing(2))
      for (const session of [one, other]) {
        await insert(books, session)
        expect(await end(books, session)).toBe(true)
      }
      expect(await books.ledger.entries('2026-11-19', '2026-11-20')).toEqual(ledgerEntries(one))
      expect(await books.ledger.entries('2026-11-21', '2026-12-31')).toEqual(ledgerEntries(other))
      expect(await books.ledger.entries('2026-10-01', '2026-11-18')).toEqual([])
      expect(await Promise.all(DAYS.map((day) => books.ledger.spentOn(day)))).toEqual([500_000, 750_000, 2_000_000])
    })

    it('what a disk cost on a day stands beside the sessions of its workspace, and the later entry in place of the earlier', async () => {
      const books = await open()
      const session = endedOn('2026-11-20', costing(1))
      await insert(books, session)
      const disk = (at: string, day: string, usd: number): LedgerEntry => ({
        day,
        disk: `alpha@${at}`,
        title: 'disk of alpha',
        runtime: 'cloud',
        by: 'remote',
        workspace: 'alpha',
        cost: { ...costing(0), volumeUsd: usd, totalUsd: usd },
      })
      const { session: next, spent } = counted(session)
      const first = [disk('09:00', '2026-11-19', 0.5), disk('09:00', '2026-11-20', 0.125)]
      const one = { amounts: [{ day: '2026-11-19', microUsd: 500_000 }, ...spent.amounts], entries: [...spent.entries, ...first] }
      expect(await books.sessions.save(next, [], one)).toBe(true)
      const later = {
        amounts: [{ day: '2026-11-20', microUsd: 125_000 }],
        entries: [disk('09:00', '2026-11-20', 0.25), disk('17:00', '2026-11-20', 0.1)],
      }
      expect(await books.sessions.save({ ...next, version: 3 }, [], later)).toBe(true)
      const entries = await books.ledger.entries('2026-11-19', '2026-11-20')
      const byKey = (all: readonly LedgerEntry[]) =>
        all.toSorted((a, b) => entryKey(a).localeCompare(entryKey(b)) || a.day.localeCompare(b.day))
      expect(byKey(entries)).toEqual(
        byKey([...ledgerEntries(session), first[0], ...later.entries].flatMap((entry) => entry ?? [])),
      )
      expect(await Promise.all(DAYS.map((day) => books.ledger.spentOn(day)))).toEqual([500_000, 1_125_000, 0])
    })

    it('a change that lost its race counts nothing', async () => {
      const books = await open()
      const session = endedOn('2026-11-21', costing(1))
      await insert(books, session)
      const answers = await Promise.all(Array.from({ length: 10 }, () => end(books, session)))
      expect(answers.filter(Boolean)).toHaveLength(1)
      expect(await books.ledger.spentOn('2026-11-21')).toBe(1_000_000)
      expect(await books.ledger.entries('2026-11-21', '2026-11-21')).toHaveLength(1)
    })

    it('whatever the order of changes and ends, and however often each is tried, the sums are what sessions cost', async () => {
      const step = fc.record({ session: fc.nat(3), day: fc.nat(2), usd: fc.nat(400), ends: fc.boolean(), again: fc.nat(2) })
      const history = fc.array(step, { minLength: 1, maxLength: 25 })
      const walk = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
        const books = await open()
        const first = Array.from({ length: 4 }, () => sampleSession())
        const now = new Map(first.map((session) => [session.id, session]))
        for (const session of first) await books.sessions.insert(session, undefined, dispatched)
        for (const { session: n, day, usd, ends, again } of steps) {
          const known = now.get(first[n]?.id ?? '')
          if (!known || known.state === 'ended') continue
          const on = DAYS[day] ?? DAYS[0]
          // Days do not go back, and costs do not shrink.
          const isNewDay = known.costDay !== undefined && on > known.costDay
          const closed = (known.closedDays ?? []).reduce((sum, { cost }) => sum + cost.totalUsd, 0)
          const rest = costing(known.cost.totalUsd - closed)
          const closedDays = [...(known.closedDays ?? []), ...(isNewDay ? [{ day: known.costDay ?? '', cost: rest }] : [])]
          const costDay = known.costDay !== undefined && on < known.costDay ? known.costDay : on
          const changed: Session = {
            ...known,
            version: known.version + 1,
            state: ends ? 'ended' : 'running',
            cost: costing(known.cost.totalUsd + usd / 10_000),
            costDay,
            closedDays,
          }
          const { session: next, spent } = counted(changed)
          const notes = ends ? [{ by: 'remote', what: 'ended' }] : []
          const tries = await Promise.all(Array.from({ length: again + 1 }, () => books.sessions.save(next, notes, spent)))
          expect(tries.filter(Boolean)).toHaveLength(1)
          now.set(next.id, next)
        }
        const entries = await books.ledger.entries(DAYS[0], DAYS[2])
        for (const day of DAYS) {
          const known = [...now.values()].flatMap(({ counted: all = [] }) => all).filter((amount) => amount.day === day)
          expect(await books.ledger.spentOn(day)).toBe(known.reduce((sum, { microUsd }) => sum + microUsd, 0))
        }
        for (const { id, state, cost } of now.values()) {
          const own = entries.filter(({ session }) => session === id)
          const total = own.reduce((sum, entry) => sum + entry.cost.totalUsd, 0)
          expect(total).toBeCloseTo(state === 'ended' ? cost.totalUsd : 0, 9)
          const isAllCounted = (now.get(id)?.counted ?? []).reduce((sum, { microUsd }) => sum + microUsd, 0) / 1_000_000
          expect(Math.abs(isAllCounted - cost.totalUsd)).toBeLessThan(state === 'ended' ? 0.000_01 : 0.01)
        }
      }
      await fc.assert(fc.asyncProperty(history, walk), { numRuns: runs })
    })

    it('ends of many sessions at the same time are all counted', async () => {
      const books = await open()
      const all = Array.from({ length: 40 }, () => endedOn('2026-11-21', costing(0.01)))
      for (const session of all) await insert(books, session)
      expect(await Promise.all(all.map((session) => end(books, session)))).not.toContain(false)
      expect(await books.ledger.spentOn('2026-11-21')).toBe(400_000)
      expect(await books.ledger.entries('2026-11-21', '2026-11-21')).toHaveLength(40)
    })

    it('the budget is as it was set last, and the audit says who changed what', async () => {
      const { ledger } = await open()
      expect([await ledger.budget(), (await ledger.budgetChanges()).entries]).toEqual([undefined, []])
      const [first, second] = [
        { dailyUsd: 25, by: 'ada', at: '2026-11-21T08:00:00.000Z' },
        { dailyUsd: null, by: 'grace', at: '2026-11-21T09:00:00.000Z' },
      ]
      await ledger.setBudget(first)
      expect(await ledger.budget()).toEqual(first)
      await ledger.setBudget(second)
      expect(await ledger.budget()).toEqual(second)
      const { entries, intact } = await ledger.budgetChanges()
      expect(intact).toBe(true)
      expect(entries).toMatchObject([
        { n: 1, by: 'ada', what: 'budget set', detail: { dailyUsd: 25 } },
        { n: 2, by: 'grace', what: 'budget set', detail: { dailyUsd: null, before: 25 } },
      ])
    })

    it('changes of the budget made at the same time are all in the audit', async () => {
      const { ledger } = await open()
      const at = '2026-11-21T08:00:00.000Z'
      await Promise.all(Array.from({ length: 8 }, (_, n) => ledger.setBudget({ dailyUsd: n + 1, by: `p${n}`, at })))
      const { entries, intact } = await ledger.budgetChanges()
      expect([entries.length, intact]).toEqual([8, true])
      expect((await ledger.budget())?.dailyUsd).toBe(entries.at(-1)?.detail?.['dailyUsd'])
    })
  })
