import { describe, expect, it } from 'vitest'
import type { InboxStore } from '../../core/ports/inbox-store.ts'

/** What every inbox store promises. `open` gives an empty one. */
export const keepsTheInboxStorePromise = (name: string, open: () => InboxStore | Promise<InboxStore>) =>
  describe(`inbox store: ${name}`, () => {
    it('items are numbered from 1 without holes, per session, however concurrently they come', async () => {
      const store = await open()
      const items = await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.append('a', { kind: 'message', text: `t${n}` }, 'ada')),
      )
      expect(items.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
      expect((await store.append('b', { kind: 'interrupt' }, 'bob')).n).toBe(1)
    })

    it('a message as long as it may be comes back whole', async () => {
      const store = await open()
      const text = '漢'.repeat(256_000)
      await store.append('a', { kind: 'message', text }, 'ada')
      expect((await store.after('a', 0))[0]?.message).toEqual({ kind: 'message', text })
    })

    it('items come back in order, those after a number alone', async () => {
      const store = await open()
      const first = await store.append('a', { kind: 'message', text: 'ünï\n"x"' }, 'ada')
      const second = await store.append('a', { kind: 'answer', choice: 'approve' }, 'bob')
      expect(await store.after('a', 0)).toEqual([first, second])
      expect(await store.after('a', 1)).toEqual([second])
      expect(await store.after('none', 0)).toEqual([])
      const third = await store.append('a', { kind: 'message', text: '[redacted]', original: 'its name' }, 'ada')
      expect(await store.after('a', 2)).toEqual([third])
      expect(await store.after('a', 3)).toEqual([])
      expect(third.message).toEqual({ kind: 'message', text: '[redacted]', original: 'its name' })
      expect(second).toMatchObject({ by: 'bob', message: { kind: 'answer', choice: 'approve' } })
    })
  })
