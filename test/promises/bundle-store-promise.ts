import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import type { BundleStore } from '../../core/ports/bundle-store.ts'

const REPOSITORY = 'a'.repeat(64)
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const commit = (name: string) => createHash('sha1').update(name).digest('hex')
const stream = (text: string) => new Blob([text]).stream() as ReadableStream<Uint8Array>

const put = async (store: BundleStore, text: string, tips: string[], needs: string[] = [], repository = REPOSITORY) => {
  await store.put(hash(text), stream(text), { repository, tips: tips.map(commit), needs: needs.map(commit) })
  return hash(text)
}
/** As a sender does. Answers the status of an upload past the API. */
const send = async (store: BundleStore, text: string, announced: string, facts: BundleFacts) => {
  const offer = { bytes: text.length, facts }
  const { url, headers } = await store.upload(announced, offer)
  if (url.startsWith('/')) await store.put(announced, stream(text), facts)
  else {
    const answer = await fetch(url, { method: 'PUT', headers, body: text })
    await answer.arrayBuffer()
    await store.stored(announced, offer)
  }
}
const shas = (chain: { sha256: string }[] | undefined) => chain?.map(({ sha256 }) => sha256)

/** What every bundle store promises. `open` gives an empty one. */
export const keepsTheBundleStorePromise = (name: string, open: () => BundleStore | Promise<BundleStore>) =>
  describe(`bundle store: ${name}`, () => {
    it('bytes come back as they were stored, also when stored twice', async () => {
      const store = await open()
      const text = 'bundle '.repeat(100_000)
      await put(store, text, ['one'])
      const sha256 = await put(store, text, ['one'])
      const found = await store.get(sha256)
      expect(found?.bytes).toBe(text.length)
      expect(await new Response(found?.body).text()).toBe(text)
      expect(await store.get(hash('other'))).toBeUndefined()
    })

    it('bytes with another hash are refused and not kept', async () => {
      const store = await open()
      const wrong = hash('something else')
      const facts = { repository: REPOSITORY, tips: [commit('one')], needs: [] }
      await expect(store.put(wrong, stream('bytes'), facts)).rejects.toMatchObject({ code: 'bad_request' })
      expect(await store.get(wrong)).toBeUndefined()
      expect(await store.tips(REPOSITORY, 10)).toEqual([])
    })

    it('a bundle that was sent to its upload is as one that was put, however often', async () => {
      const store = await open()
      const facts = { repository: REPOSITORY, tips: [commit('sent')], needs: [] }
      for (let time = 0; time < 2; time += 1) await send(store, 'sent bytes', hash('sent bytes'), facts)
      await store.stored(hash('sent bytes'), { bytes: 10, facts })
      const found = await store.get(hash('sent bytes'))
      expect(await new Response(found?.body).text()).toBe('sent bytes')
      expect(await store.tips(REPOSITORY, 10)).toEqual([commit('sent')])
      expect(shas(await store.chain(REPOSITORY, commit('sent')))).toEqual([hash('sent bytes')])
      const url = await store.url(hash('sent bytes'))
      if (url !== undefined) expect(await (await fetch(url)).text()).toBe('sent bytes')
    })

    it('other bytes than announced, or none at all, are not stored', async () => {
      const store = await open()
      const facts = { repository: REPOSITORY, tips: [commit('one')], needs: [] }
      const refused = { code: 'bad_request' }
      await expect(send(store, 'other bytes', hash('these bytes'), facts)).rejects.toMatchObject(refused)
      await expect(store.stored(hash('never sent'), { bytes: 10, facts })).rejects.toMatchObject(refused)
      expect(await store.get(hash('these bytes'))).toBeUndefined()
      expect(await store.url(hash('these bytes'))).toBeUndefined()
      expect(await store.tips(REPOSITORY, 10)).toEqual([])
    })

    it('bytes that break off are not kept, and whoever sent them hears why', async () => {
      const store = await open()
      const why = new RemoteError('bad_request', 'not as announced')
      const breaking = new ReadableStream<Uint8Array>({
        start: (out) => {
          out.enqueue(new Uint8Array(100))
          out.error(why)
        },
      })
      const facts = { repository: REPOSITORY, tips: [commit('one')], needs: [] }
      await expect(store.put(hash('bytes'), breaking, facts)).rejects.toBe(why)
      expect(await store.get(hash('bytes'))).toBeUndefined()
      expect(await store.tips(REPOSITORY, 10)).toEqual([])
    })

    it('tips are those of one repository, newest first, no more than asked for', async () => {
      const store = await open()
      await put(store, 'a', ['one'])
      await put(store, 'b', ['two'])
      await put(store, 'c', ['three'], [], 'b'.repeat(64))
      expect(await store.tips(REPOSITORY, 10)).toEqual([commit('two'), commit('one')])
      expect(await store.tips(REPOSITORY, 1)).toEqual([commit('two')])
    })

    it('a chain holds what a commit needs, in the order in which to fetch it', async () => {
      const store = await open()
      const base = await put(store, 'base', ['base'])
      const side = await put(store, 'side', ['side'])
      const top = await put(store, 'top', ['top'], ['base', 'side'])
      const tip = await put(store, 'tip', ['tip'], ['top', 'base'])
      expect(shas(await store.chain(REPOSITORY, commit('tip')))).toEqual([base, side, top, tip])
      expect(shas(await store.chain(REPOSITORY, commit('base')))).toEqual([base])
    })

    it('a chain with something missing is none', async () => {
      const store = await open()
      await put(store, 'top', ['top'], ['base'])
      expect(await store.chain(REPOSITORY, commit('top'))).toBeUndefined()
      expect(await store.chain(REPOSITORY, commit('unknown'))).toBeUndefined()
      await put(store, 'base', ['base'], [], 'b'.repeat(64))
      expect(await store.chain(REPOSITORY, commit('top'))).toBeUndefined()
    })

    it('bundles that need one another are no chain, unless another way leads there', async () => {
      const store = await open()
      await put(store, 'x', ['x'], ['y'])
      await put(store, 'y', ['y'], ['x'])
      expect(await store.chain(REPOSITORY, commit('x'))).toBeUndefined()
      await put(store, 'whole y', ['y'])
      expect(shas(await store.chain(REPOSITORY, commit('x')))).toEqual([hash('whole y'), hash('x')])
    })
  })
