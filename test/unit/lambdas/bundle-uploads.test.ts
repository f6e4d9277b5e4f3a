import { createHash } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { MOST_HEADER_BYTES } from '../../../core/contract/bundle-header.ts'
import { openS3BundleStore } from '../../../lambdas/aws/s3-bundle-store.ts'
import { type AwsWorld, useAws } from '../../support/aws-world.ts'

const DAY_MS = 86_400_000
const REPOSITORY = 'a'.repeat(64)
const aws = useAws()
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const commit = (name: string) => createHash('sha1').update(name).digest('hex')
const factsOf = (tip: string, needs: string[] = []) => ({ repository: REPOSITORY, tips: [commit(tip)], needs: needs.map(commit) })
const stream = (text: string) => new Blob([text]).stream() as ReadableStream<Uint8Array>

const opened = async (clock?: { now(): number }) => {
  const world = await aws.fresh(clock)
  return { world, store: openS3BundleStore(world) }
}
/** As a machine with a grant does. */
const machinePuts = ({ s3, bucket }: AwsWorld, session: string, text: string, announced = hash(text)) => {
  const ChecksumSHA256 = Buffer.from(announced, 'hex').toString('base64')
  const Key = `sessions/${session}/bundles/${announced}`
  return s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: text, ChecksumAlgorithm: 'SHA256', ChecksumSHA256 }))
}

describe('bundles in S3', () => {
  it('the address of an upload takes the announced bytes alone: S3 itself refuses others', async () => {
    const { store } = await opened()
    const offer = { bytes: 5, facts: factsOf('one') }
    const { url, headers } = await store.upload(hash('bytes'), offer)
    const signed = new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';')
    expect(signed).toEqual(expect.arrayContaining(['content-length', 'host', 'x-amz-checksum-sha256']))
    const wrong = await fetch(url, { method: 'PUT', headers, body: 'other' })
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('BadDigest')])
    expect(await store.url(hash('bytes'))).toBeUndefined()
    expect((await fetch(url, { method: 'PUT', headers, body: 'bytes' })).status).toBe(200)
    await store.stored(hash('bytes'), offer)
    expect(await (await fetch((await store.url(hash('bytes'))) ?? '')).text()).toBe('bytes')
  })

  it('the first bytes of what was sent are read wherever it was sent to, and no more than a header has', async () => {
    const { world, store } = await opened()
    const text = 'x'.repeat(MOST_HEADER_BYTES + 1)
    await store.put(hash(text), stream(text), factsOf('one'))
    expect(Buffer.from((await store.start(hash(text))) ?? []).toString()).toBe('x'.repeat(MOST_HEADER_BYTES))
    await machinePuts(world, 's-one', 'result')
    expect(Buffer.from((await store.start(hash('result'), 's-one')) ?? []).toString()).toBe('result')
    for (const session of [undefined, 's-two']) expect(await store.start(hash('result'), session)).toBeUndefined()
    await machinePuts(world, 's-one', '')
    expect((await store.start(hash(''), 's-one'))?.length ?? 0).toBe(0)
  })

  it('the same address is given as often as it is asked for, and is of no other bundle', async () => {
    const { store } = await opened()
    const offer = { bytes: 5, facts: factsOf('one') }
    const pathOf = async (sha256: string) => new URL((await store.upload(sha256, offer)).url).pathname
    expect(await pathOf(hash('one'))).toBe(await pathOf(hash('one')))
    expect(await pathOf(hash('one'))).not.toBe(await pathOf(hash('two')))
  })

  it('a result that a machine put below its session is stored, and found by its commit', async () => {
    const { world, store } = await opened()
    await machinePuts(world, 's-one', 'result')
    await store.stored(hash('result'), { bytes: 6, facts: factsOf('result') }, 's-one')
    const [bundle] = (await store.chain(REPOSITORY, commit('result'))) ?? []
    expect(await (await fetch(bundle?.url ?? '')).text()).toBe('result')
    await expect(store.stored(hash('result'), { bytes: 6, facts: factsOf('result') }, 's-two')).resolves.toBeUndefined()
    await expect(store.stored(hash('none'), { bytes: 4, facts: factsOf('none') }, 's-one')).rejects.toMatchObject({
      code: 'bad_request',
    })
  })

  it('no machine moves or redefines a bundle that others count on', async () => {
    const { world, store } = await opened()
    await store.put(hash('shared'), stream('shared'), factsOf('shared'))
    await machinePuts(world, 's-evil', 'shared')
    await store.stored(hash('shared'), { bytes: 6, facts: factsOf('shared', ['never']) }, 's-evil')
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: `sessions/s-evil/bundles/${hash('shared')}` }))
    expect(await store.chain(REPOSITORY, commit('shared'))).toMatchObject([{ sha256: hash('shared'), bytes: 6 }])
  })

  it('what a machine claims to hold is not offered to be built on, and changes nothing for those who were sent it', async () => {
    const { world, store } = await opened()
    await store.put(hash('base'), stream('base'), factsOf('base'))
    await store.put(hash('top'), stream('top'), factsOf('top', ['base']))
    for (const tip of ['top', 'base', 'future']) {
      await machinePuts(world, 's-evil', `evil ${tip}`)
      await store.stored(hash(`evil ${tip}`), { bytes: Buffer.byteLength(`evil ${tip}`), facts: factsOf(tip) }, 's-evil')
    }
    await store.stored(hash('base'), { bytes: 4, facts: factsOf('top') }, 's-evil')
    expect(await store.tips(REPOSITORY, 10)).toEqual([commit('top'), commit('base')])
    const chain = await store.chain(REPOSITORY, commit('top'))
    expect(chain?.map(({ sha256 }) => sha256)).toEqual([hash('base'), hash('top')])
    await store.put(hash('future'), stream('future'), factsOf('future', ['top']))
    const later = await store.chain(REPOSITORY, commit('future'))
    expect(later?.map(({ sha256 }) => sha256)).toEqual([hash('base'), hash('top'), hash('future')])
  })

  it('of two machines that claim the same commit the first is believed: it is its result', async () => {
    const { world, store } = await opened()
    for (const [session, text] of [
      ['s-one', 'result'],
      ['s-evil', 'other'],
    ] as const) {
      await machinePuts(world, session, text)
      await store.stored(hash(text), { bytes: text.length, facts: factsOf('result') }, session)
    }
    const chain = await store.chain(REPOSITORY, commit('result'))
    expect(chain?.map(({ sha256 }) => sha256)).toEqual([hash('result')])
  })

  it('a bundle that its machine replaced by other bytes is not counted on', async () => {
    const { world, store } = await opened()
    await machinePuts(world, 's-one', 'result')
    await store.stored(hash('result'), { bytes: 6, facts: factsOf('result') }, 's-one')
    const Key = `sessions/s-one/bundles/${hash('result')}`
    await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body: 'evil!!', ChecksumAlgorithm: 'SHA256' }))
    expect(await store.chain(REPOSITORY, commit('result'))).toBeUndefined()
    expect(await store.url(hash('result'))).toBeUndefined()
  })

  it('what is gone from the bucket is not counted on, and another bundle takes its place', async () => {
    const { world, store } = await opened()
    await store.put(hash('other way'), stream('other way'), factsOf('one'))
    await store.put(hash('newest'), stream('newest'), factsOf('one'))
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: `bundles/${hash('newest')}` }))
    expect((await store.chain(REPOSITORY, commit('one')))?.map(({ sha256 }) => sha256)).toEqual([hash('other way')])
  })

  it('nobody is offered to build on what goes before long, or needs what does', async () => {
    let now = Date.UTC(2026, 10, 1)
    const { store } = await opened({ now: () => now })
    await store.put(hash('base'), stream('base'), factsOf('base'))
    now += 20 * DAY_MS
    await store.put(hash('top'), stream('top'), factsOf('top', ['base']))
    await store.put(hash('baseless'), stream('baseless'), factsOf('baseless', ['unknown']))
    expect(await store.tips(REPOSITORY, 10)).toEqual([commit('top'), commit('base')])
    now += 9.6 * DAY_MS
    expect(await store.tips(REPOSITORY, 10)).toEqual([])
    await store.put(hash('whole'), stream('whole'), factsOf('top'))
    expect(await store.tips(REPOSITORY, 10)).toEqual([commit('top')])
  })

  it('nobody is offered to build ever higher: a machine would have to fetch ever more bundles', async () => {
    const { store } = await opened()
    for (let n = 0; n < 26; n += 1) {
      const [below] = await store.tips(REPOSITORY, 64)
      const facts = { repository: REPOSITORY, tips: [commit(`${n}`)], needs: below === undefined ? [] : [below] }
      await store.put(hash(`${n}`), stream(`${n}`), facts)
    }
    expect(await store.chain(REPOSITORY, commit('22'))).toHaveLength(23)
    expect(await store.chain(REPOSITORY, commit('25'))).toHaveLength(24)
    expect((await store.tips(REPOSITORY, 64))[0]).toBe(commit('22'))
  })

  it('what cannot be sent in one piece is refused before anything is sent', async () => {
    const { store } = await opened()
    const offer = { bytes: 6 * 1024 ** 3, facts: factsOf('one') }
    await expect(store.upload(hash('large'), offer)).rejects.toMatchObject({ code: 'too_large' })
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1024 ** 2)) })
    await expect(store.put(hash('endless'), endless, factsOf('one'))).rejects.toMatchObject({ code: 'too_large' })
  })

  it('a bucket that asks for patience is unavailable for now', async () => {
    const { store } = await opened()
    await store.put(hash('one'), stream('one'), factsOf('one'))
    await aws.control().fault({ service: 's3', code: 'SlowDown' })
    await expect(store.url(hash('one'))).rejects.toMatchObject({ code: 'unavailable' })
    await aws.control().clearFaults()
    expect(await store.url(hash('one'))).toBeDefined()
  })
})
