import { describe, expect, it } from 'vitest'
import { apiWorld } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

const post = (path: string, body: unknown) => ({ method: 'POST', path, body })
const facts = { repository: sha256(1), tips: [commit(1)], needs: [commit(2), commit(3)] }

/** Bundles that are sent past the API, as in a cloud: `sent` has those that are stored, and of which session. */
const elsewhere = () => {
  const world = apiWorld()
  const starts = new Map<string, Uint8Array>()
  const sent: { sha256: string; session: string | undefined }[] = []
  Object.assign(world.ports.bundles, {
    upload: async (hash: string) => ({ url: `https://bucket/${hash}?signed`, headers: { 'x-amz-checksum-sha256': 'sum' } }),
    start: async (hash: string) => starts.get(hash) ?? plainBundle(facts).bytes,
    stored: async (hash: string, _offer: unknown, session?: string) => {
      sent.push({ sha256: hash, session })
    },
    url: async (hash: string) => (hash === sha256(9) ? `https://bucket/${hash}?signed` : undefined),
  })
  return { ...world, sent, starts }
}

describe('uploads of bundles', () => {
  it('where bundles come through the API, its path and the headers of that call are answered, and they work', async () => {
    const { call } = apiWorld()
    const { sha256: hash, text } = plainBundle(facts)
    const offer = { bytes: text.length, facts }
    const { json } = await call(post(`/v1/bundles/${hash}/upload`, offer))
    expect(json).toEqual({
      url: `/v1/bundles/${hash}`,
      headers: {
        'x-remote-repository': sha256(1),
        'x-remote-tips': commit(1),
        'x-remote-needs': `${commit(2)},${commit(3)}`,
      },
    })
    expect((await call(post(`/v1/bundles/${hash}/stored`, offer))).json).toMatchObject({ code: 'bad_request' })
    expect((await call({ method: 'PUT', path: json.url, headers: json.headers, body: text })).status).toBe(201)
    expect((await call(post(`/v1/bundles/${hash}/stored`, offer))).status).toBe(200)
  })

  it('elsewhere they are sent to the bucket, and fetched from there', async () => {
    const { call, api, sent } = elsewhere()
    const offer = { bytes: 6, facts }
    expect((await call(post(`/v1/bundles/${sha256(5)}/upload`, offer))).json.url).toBe(`https://bucket/${sha256(5)}?signed`)
    expect((await call(post(`/v1/bundles/${sha256(5)}/stored`, offer))).status).toBe(200)
    expect(sent).toEqual([{ sha256: sha256(5), session: undefined }])
    const answer = await api.request(`/v1/bundles/${sha256(9)}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `https://bucket/${sha256(9)}?signed`])
    expect((await api.request(`/v1/bundles/${sha256(8)}`)).status).toBe(404)
  })

  it('a bundle whose own header says something else is not stored, wherever it comes through', async () => {
    const there = elsewhere()
    const here = apiWorld()
    const hidden = plainBundle({ tips: [commit(1)], needs: [...facts.needs, commit(4)] })
    const other = plainBundle({ tips: [commit(9)], needs: facts.needs })
    const noBundle = { sha256: await here.ports.ids.sha256('tar'), bytes: Buffer.from('tar') }
    const cut = { sha256: await here.ports.ids.sha256('# v2 git'), bytes: Buffer.from('# v2 git') }
    const wrong: [{ sha256: string; bytes: Buffer }, string][] = [
      [hidden, 'it builds on commit'],
      [other, 'is not in it'],
      [noBundle, 'does not begin like one'],
      [cut, 'ends within its header'],
    ]
    const headers = {
      'x-remote-repository': facts.repository,
      'x-remote-tips': facts.tips.join(','),
      'x-remote-needs': facts.needs.join(','),
    }
    for (const [bundle, why] of wrong) {
      const refused = { code: 'bad_request', message: expect.stringContaining(why), hint: expect.any(String) }
      const body = bundle.bytes.toString('latin1')
      expect((await here.call({ method: 'PUT', path: `/v1/bundles/${bundle.sha256}`, headers, body })).json).toMatchObject(
        refused,
      )
      expect(await here.ports.bundles.get(bundle.sha256)).toBeUndefined()
      there.starts.set(bundle.sha256, bundle.bytes)
      const offer = { bytes: bundle.bytes.length, facts }
      expect((await there.call(post(`/v1/bundles/${bundle.sha256}/stored`, offer))).json).toMatchObject(refused)
    }
    expect(there.sent).toEqual([])
  })

  it('one that is too large is refused before anything is sent', async () => {
    const { call } = apiWorld()
    const offer = { bytes: 6 * 1024 ** 3, facts }
    expect((await call(post(`/v1/bundles/${sha256(5)}/upload`, offer))).json).toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('6 GB'),
      hint: expect.stringContaining('--ref'),
    })
  })

  it('what is no offer is refused with what is wrong', async () => {
    const { call } = apiWorld()
    const wrong = await call(post(`/v1/bundles/${sha256(5)}/upload`, { bytes: -1, facts: { ...facts, tips: [] } }))
    expect(wrong.json).toMatchObject({ code: 'bad_request', message: expect.stringContaining('facts.tips') })
    expect((await call(post('/v1/bundles/nothash/upload', { bytes: 1, facts }))).status).toBe(400)
  })
})

describe('a machine’s result in the bucket', () => {
  const working = async () => {
    const world = elsewhere()
    await world.ports.bundles.put(await world.ports.ids.sha256('b'), new Blob(['b']).stream(), { ...facts, needs: [] })
    const source = { id: sha256(1), commit: commit(1), name: 'app' }
    return { ...(await runningSession({ repository: source }, world)), sent: world.sent, starts: world.starts }
  }

  it('is stored as its session’s', async () => {
    const { call, id, sent } = await working()
    const path = `/v1/runner/${id}/1/bundles/${sha256(5)}/stored`
    expect((await call(post(path, { bytes: 6, facts }))).status).toBe(200)
    expect(sent).toEqual([{ sha256: sha256(5), session: id }])
  })

  it('is not stored unless it holds what the machine says; it may stand on older commits than those it was given', async () => {
    const { call, id, sent, starts } = await working()
    const path = `/v1/runner/${id}/1/bundles/${sha256(5)}/stored`
    starts.set(sha256(5), plainBundle({ tips: [commit(9)], needs: [] }).bytes)
    expect((await call(post(path, { bytes: 6, facts }))).json).toMatchObject({ code: 'bad_request' })
    expect(sent).toEqual([])
    starts.set(sha256(5), plainBundle({ tips: facts.tips, needs: [commit(8)] }).bytes)
    expect((await call(post(path, { bytes: 6, facts }))).status).toBe(200)
  })

  it('is of no other repository, of no other attempt, and of none that is over', async () => {
    const { call, id, sent, done, walk } = await working()
    const stored = (attempt: number, of = facts) =>
      call(post(`/v1/runner/${id}/${attempt}/bundles/${sha256(5)}/stored`, { bytes: 6, facts: of }))
    expect((await stored(1, { ...facts, repository: sha256(2) })).json).toMatchObject({ code: 'refused' })
    expect((await stored(2)).json).toMatchObject({ code: 'not_recorded_yet' })
    await done()
    await walk()
    expect((await stored(1)).json).toMatchObject({ code: 'fenced' })
    expect(sent).toEqual([])
  })
})
