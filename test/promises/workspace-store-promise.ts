import { describe, expect, it } from 'vitest'
import type { Workspace } from '../../core/contract/workspace.ts'
import type { WorkspaceStore } from '../../core/ports/workspace-store.ts'

const workspace = (name: string): Workspace => ({ name, runtime: 'local', sizeBytes: 1, createdAt: '2026-11-21T08:00:00.000Z' })

/** What every workspace store promises. `open` gives an empty one. */
export const keepsTheWorkspaceStorePromise = (name: string, open: () => WorkspaceStore | Promise<WorkspaceStore>) =>
  describe(`workspace store: ${name}`, () => {
    it('what was created is found and listed until it is deleted', async () => {
      const store = await open()
      await store.create(workspace('b'))
      await store.create(workspace('a'))
      expect(await store.get('a')).toEqual(workspace('a'))
      expect((await store.list()).map((each) => each.name).sort()).toEqual(['a', 'b'])
      await store.delete('a')
      await store.delete('a')
      expect(await store.get('a')).toBeUndefined()
      expect(await store.get('never')).toBeUndefined()
    })

    it('a name is taken once', async () => {
      const store = await open()
      await store.create(workspace('a'))
      await expect(store.create(workspace('a'))).rejects.toMatchObject({ code: 'conflict' })
    })

    it('one of many sessions gets it, and may have it again', async () => {
      const store = await open()
      await store.create(workspace('a'))
      const held = await Promise.all(Array.from({ length: 100 }, (_, n) => store.hold('a', `s-${n}`)))
      expect(held.filter(Boolean)).toHaveLength(1)
      const holder = `s-${held.indexOf(true)}`
      expect(await store.hold('a', holder)).toBe(true)
      expect((await store.get('a'))?.heldBy).toBe(holder)
    })

    it('nobody holds what does not exist', async () => {
      const store = await open()
      expect(await store.hold('none', 's-1')).toBe(false)
      expect(await store.get('none')).toBeUndefined()
    })

    it('what is held cannot be deleted', async () => {
      const store = await open()
      await store.create(workspace('a'))
      await store.hold('a', 's-1')
      await expect(store.delete('a')).rejects.toMatchObject({ code: 'held', message: expect.stringContaining('s-1') })
      expect((await store.get('a'))?.heldBy).toBe('s-1')
    })

    it('only its holder releases it, and says what it took in', async () => {
      const store = await open()
      await store.create(workspace('a'))
      await store.hold('a', 's-1')
      await store.release('a', 's-2', { base: 'wrong' })
      expect(await store.get('a')).toMatchObject({ heldBy: 's-1' })
      await store.release('a', 's-1', { base: 'right' })
      await store.release('a', 's-1', { base: 'late' })
      const released = await store.get('a')
      expect(released?.base).toBe('right')
      expect(released?.heldBy).toBeUndefined()
      expect(released?.lastUsedAt).toEqual(expect.any(String))
      expect(await store.hold('a', 's-2')).toBe(true)
    })
  })
