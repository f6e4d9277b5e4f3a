import { describe, expect, it } from 'vitest'
import { MAX_TASK_CHARACTERS } from '../../core/contract/dispatch.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { sampleSession } from './sample-session.ts'

const dispatched = { by: 'ada', what: 'dispatched' }

/** What every session store promises. `open` gives an empty one. */
export const keepsTheSessionStorePromise = (name: string, open: () => SessionStore | Promise<SessionStore>) =>
  describe(`session store: ${name}`, () => {
    it('what was inserted is found, whole', async () => {
      const store = await open()
      const session = sampleSession({ title: 'ünï "quoted" \u0000\n' })
      expect(await store.insert(session, undefined, dispatched)).toEqual({ done: 'inserted', session })
      expect(await store.get(session.id)).toEqual(session)
      expect(await store.get('s-zzzzzzzzzz')).toBeUndefined()
    })

    it('one key gives one session, however often and however concurrently it comes', async () => {
      const store = await open()
      const key = { value: 'k', bodyHash: 'h' }
      const answers = await Promise.all(Array.from({ length: 100 }, () => store.insert(sampleSession(), key, dispatched)))
      expect(answers.filter(({ done }) => done === 'inserted')).toHaveLength(1)
      expect(answers.filter(({ done }) => done === 'existing')).toHaveLength(99)
      const ids = new Set(answers.map((answer) => (answer.done === 'conflict' ? '' : answer.session.id)))
      expect(ids.size).toBe(1)
      expect((await store.list({ active: false, limit: 10 })).sessions).toHaveLength(1)
    })

    it('a key with another body is a conflict and stores nothing', async () => {
      const store = await open()
      const first = sampleSession()
      await store.insert(first, { value: 'k', bodyHash: 'h' }, dispatched)
      const second = sampleSession()
      expect(await store.insert(second, { value: 'k', bodyHash: 'other' }, dispatched)).toEqual({ done: 'conflict' })
      expect(await store.get(second.id)).toBeUndefined()
      expect(await store.withKey('k')).toEqual({ session: first, bodyHash: 'h' })
      expect(await store.withKey('unknown')).toBeUndefined()
    })

    it('an existing session is answered as it is now', async () => {
      const store = await open()
      const session = sampleSession()
      const key = { value: 'k', bodyHash: 'h' }
      await store.insert(session, key, dispatched)
      await store.save({ ...session, version: 2, title: 'changed' }, [])
      expect(await store.insert(sampleSession(), key, dispatched)).toMatchObject({
        done: 'existing',
        session: { title: 'changed' },
      })
    })

    it('of changes made from one version one is stored', async () => {
      const store = await open()
      const session = sampleSession()
      await store.insert(session, undefined, dispatched)
      const changes = Array.from({ length: 20 }, (_, n) =>
        store.save({ ...session, version: 2, title: `change ${n}` }, [{ by: 'ada', what: 'changed' }]),
      )
      expect((await Promise.all(changes)).filter(Boolean)).toHaveLength(1)
      expect((await store.get(session.id))?.version).toBe(2)
      expect((await store.timeline(session.id)).entries).toHaveLength(2)
      expect(await store.save(sampleSession({ version: 2 }), [])).toBe(false)
    })

    it('changes made at the same time, each decided again when it lost, are all kept and all noted', async () => {
      const store = await open()
      const { id } = sampleSession()
      await store.insert(sampleSession({ id }), undefined, dispatched)
      const writers = Array.from({ length: 10 }, async (_, n) => {
        for (;;) {
          const session = await store.get(id)
          if (!session) throw new Error('the session is gone')
          const next = { ...session, version: session.version + 1, inboxLast: session.inboxLast + 1 }
          if (await store.save(next, [{ by: `writer ${n}`, what: 'counted' }])) return
        }
      })
      await Promise.all(writers)
      expect(await store.get(id)).toMatchObject({ version: 11, inboxLast: 10 })
      const { entries, intact } = await store.timeline(id)
      expect(intact).toBe(true)
      expect(new Set(entries.map(({ by }) => by)).size).toBe(11)
    })

    it('a task as long as it may be comes back whole, also after changes', async () => {
      const store = await open()
      const sample = sampleSession()
      const session = { ...sample, request: { ...sample.request, task: '漢'.repeat(MAX_TASK_CHARACTERS) } }
      await store.insert(session, { value: 'k', bodyHash: 'h' }, dispatched)
      await store.save({ ...session, version: 2, title: 'changed' }, [])
      expect(await store.get(session.id)).toEqual({ ...session, version: 2, title: 'changed' })
      expect((await store.list({ active: true, limit: 10 })).sessions[0]?.request.task).toHaveLength(MAX_TASK_CHARACTERS)
    })

    it('lists are newest first, page by page, with or without what has ended', async () => {
      const store = await open()
      const all = Array.from({ length: 7 }, (_, n) => sampleSession(n % 2 === 0 ? {} : { state: 'ended' }))
      for (const session of all) await store.insert(session, undefined, dispatched)
      const newest = all.map(({ id }) => id).reverse()
      const walk = async (active: boolean) => {
        const ids: string[] = []
        let cursor: string | undefined
        do {
          const page = await store.list({ active, limit: 3, cursor })
          expect(page.sessions.length).toBeLessThanOrEqual(3)
          ids.push(...page.sessions.map(({ id }) => id))
          cursor = page.next
        } while (cursor !== undefined)
        return ids
      }
      expect(await walk(false)).toEqual(newest)
      expect(await walk(true)).toEqual(newest.filter((id) => all.find((session) => session.id === id)?.state !== 'ended'))
    })

    it('a session that ends leaves the list of active ones', async () => {
      const store = await open()
      const session = sampleSession()
      await store.insert(session, undefined, dispatched)
      await store.save({ ...session, version: 2, state: 'ended' }, [])
      expect((await store.list({ active: true, limit: 10 })).sessions).toEqual([])
    })

    it('prefixes find ids, newest first, no more than asked for', async () => {
      const store = await open()
      for (const id of ['s-7k30000001', 's-7k30000002', 's-7k40000000'])
        await store.insert(sampleSession({ id }), undefined, dispatched)
      expect(await store.startingWith('s-7k3', 10)).toEqual(['s-7k30000002', 's-7k30000001'])
      expect(await store.startingWith('s-7k', 2)).toHaveLength(2)
      expect(await store.startingWith('s-9', 10)).toEqual([])
    })

    it('the timeline keeps every note in order, chained', async () => {
      const store = await open()
      const session = sampleSession()
      await store.insert(session, undefined, { by: 'ada', what: 'dispatched', detail: { agent: 'shell' } })
      await store.save({ ...session, version: 2 }, [
        { by: 'remote', what: 'one' },
        { by: 'remote', what: 'two' },
      ])
      const { entries, intact } = await store.timeline(session.id)
      expect(intact).toBe(true)
      expect(entries.map(({ n, what }) => [n, what])).toEqual([
        [1, 'dispatched'],
        [2, 'one'],
        [3, 'two'],
      ])
      expect(entries[0]).toMatchObject({ by: 'ada', detail: { agent: 'shell' } })
      expect(new Set(entries.map(({ hash }) => hash)).size).toBe(3)
      expect(await store.timeline('s-zzzzzzzzzz')).toEqual({ entries: [], intact: true })
    })
  })
