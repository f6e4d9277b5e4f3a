import { describe, expect, it } from 'vitest'
import type { SecretStore } from '../../core/ports/secret-store.ts'

/** What every secret store promises. `open` gives an empty one. */
export const keepsTheSecretStorePromise = (name: string, open: () => SecretStore | Promise<SecretStore>) =>
  describe(`secret store: ${name}`, () => {
    it('a value is given to those who name it, and never listed', async () => {
      const store = await open()
      const set = await store.set('TOKEN', 'hünter-two')
      expect(set).toMatchObject({ name: 'TOKEN', bytes: 11 })
      await store.set('TOKEN', 'another value')
      expect(await store.values(['TOKEN'])).toEqual({ TOKEN: 'another value' })
      expect(JSON.stringify(await store.list())).not.toContain('another value')
      expect((await store.list()).map((each) => each.name)).toEqual(['TOKEN'])
    })

    it('none that is missing is made up: the first is named', async () => {
      const store = await open()
      await store.set('A', 'value of a')
      await expect(store.values(['A', 'B', 'C'])).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('B'),
      })
      expect(await store.values([])).toEqual({})
    })

    it('a deleted one is gone', async () => {
      const store = await open()
      await store.set('A', 'value of a')
      expect(await store.delete('A')).toBe(true)
      expect(await store.delete('A')).toBe(false)
      await expect(store.values(['A'])).rejects.toMatchObject({ code: 'refused' })
    })

    it('changes made at the same time are all kept', async () => {
      const store = await open()
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.set(`S${n}`, `value number ${n}`)))
      expect(await store.list()).toHaveLength(20)
    })

    it('any name a secret can have works', async () => {
      const store = await open()
      for (const odd of ['__proto__', 'constructor', 'toString', '_']) {
        await store.set(odd, `value of ${odd}`)
        expect(Object.entries(await store.values([odd]))).toEqual([[odd, `value of ${odd}`]])
      }
    })

    it('values kept for a session are its own until they are forgotten', async () => {
      const store = await open()
      await store.keep('s-1', { KEY: 'one' })
      await store.keep('s-1', { KEY: 'two', ':request': '{}' })
      expect(await store.kept('s-1')).toEqual({ KEY: 'two', ':request': '{}' })
      expect(await store.kept('s-2')).toEqual({})
      await store.keep('s-1', { KEY: 'three', ':message:1': 'x'.repeat(100_000) })
      expect(await store.kept('s-1')).toEqual({ KEY: 'three', ':request': '{}', ':message:1': 'x'.repeat(100_000) })
      await store.forget('s-1')
      await store.forget('s-1')
      expect(await store.kept('s-1')).toEqual({})
    })

    it('values kept at the same time are all kept', async () => {
      const store = await open()
      await store.keep('s-1', { KEY: 'value' })
      await Promise.all(Array.from({ length: 10 }, (_, n) => store.keep('s-1', { [`:message:${n}`]: `message ${n}` })))
      expect(Object.keys(await store.kept('s-1'))).toHaveLength(11)
    })
  })
