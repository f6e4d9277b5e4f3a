import { gzipSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { decodeRecords, encodeRecord } from '../../../core/contract/records.ts'
import { openS3SegmentStore } from '../../../lambdas/aws/s3-segment-store.ts'
import { type AwsWorld, useAws } from '../../support/aws-world.ts'

const ID = 's-7k3m9q2w4x'
const aws = useAws()

const record = (seq: number) =>
  encodeRecord({ seq, at: '2026-11-21T00:00:00.000Z', type: 'output', stream: 'stdout' }, Buffer.from(`line ${seq}\n`))
const records = (first: number, last: number) =>
  Buffer.concat(Array.from({ length: last - first + 1 }, (_, n) => record(first + n)))
const seqs = (bytes: Uint8Array) => decodeRecords(bytes).events.map(({ head }) => head.seq)

const upload = async ({ s3, bucket }: AwsWorld, first: number, last: number) => {
  const Key = `sessions/${ID}/log/1/${String(first).padStart(12, '0')}`
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: gzipSync(records(first, last)) }))
}
const opened = async () => {
  const world = await aws.fresh()
  const store = openS3SegmentStore(world)
  const write = async (first: number, last: number, final = false) => {
    await upload(world, first, last)
    await store.seal(ID, 1, { first, last, bytes: 100, sha256: 'a'.repeat(64), final })
  }
  return { world, store, write }
}
const shown = async (store: ReturnType<typeof openS3SegmentStore>) => {
  const { segments, last, sealed } = await store.log(ID, 1)
  return { segments: segments.map(({ first, last }) => [first, last]), last, sealed }
}

describe('history in S3', () => {
  it('a segment is fetched from the bucket, unpacked, with what the machine said of it', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    const [segment] = (await store.log(ID, 1)).segments
    expect(segment).toMatchObject({ first: 1, last: 3, bytes: 100, sha256: 'a'.repeat(64) })
    const answer = await fetch(segment?.url ?? '')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(seqs(new Uint8Array(await answer.arrayBuffer()))).toEqual([1, 2, 3])
  })

  it('what lies behind a hole is not history yet', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    await write(7, 9)
    expect(await shown(store)).toEqual({ segments: [[1, 3]], last: 3, sealed: false })
    await write(4, 6)
    expect(await shown(store)).toEqual({
      segments: [
        [1, 3],
        [4, 6],
        [7, 9],
      ],
      last: 9,
      sealed: false,
    })
  })

  it('a log with a hole cannot be closed as whole', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    await expect(write(7, 9, true)).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('3') })
    await write(4, 6)
    await write(7, 9, true)
    expect(await shown(store)).toMatchObject({ last: 9, sealed: true })
  })

  it('a segment that is sent again, longer, replaces itself; a late shorter one does not', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    await write(1, 5)
    await store.seal(ID, 1, { first: 1, last: 3, final: false })
    expect(await shown(store)).toMatchObject({ segments: [[1, 5]], last: 5 })
  })

  it('an attempt that printed nothing more is closed by a seal without events', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    await store.seal(ID, 1, { first: 4, last: 3, final: true })
    expect(await shown(store)).toEqual({ segments: [[1, 3]], last: 3, sealed: true })
  })

  it('what arrives after the log was closed is not in the record', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    expect(await store.sealWhereDurable(ID, 1, 'lost')).toBe(3)
    await write(4, 6)
    await store.seal(ID, 1, { first: 1, last: 5, final: false })
    expect(await shown(store)).toEqual({ segments: [[1, 3]], last: 3, sealed: true })
  })

  it('ten closings at once agree', async () => {
    const { store, write } = await opened()
    await write(1, 3)
    const ends = await Promise.all(Array.from({ length: 10 }, (_, n) => store.sealWhereDurable(ID, 1, `why ${n}`)))
    expect(new Set(ends)).toEqual(new Set([3]))
  })

  it('of a very long log the first hundred segments are listed, and the next from wherever one has read to', async () => {
    const { store } = await opened()
    for (let first = 1; first <= 241; first += 2) await store.seal(ID, 1, { first, last: first + 1, final: false })
    const { segments, last } = await store.log(ID, 1)
    expect([segments.length, segments.at(-1)?.last, last]).toEqual([100, 200, 242])
    const rest = await store.log(ID, 1, 201)
    expect([rest.segments[0]?.first, rest.segments.at(-1)?.last]).toEqual([201, 242])
    expect([...segments, ...rest.segments].every(({ url }) => /^http/.test(url))).toBe(true)
  })

  it('records are cut at their boundaries however the bytes arrive', async () => {
    const { world, store } = await opened()
    await upload(world, 1, 5000)
    await store.seal(ID, 1, { first: 1, last: 5000, final: false })
    const rest = seqs(new Uint8Array(await new Response(await store.read(ID, 1, 4321)).arrayBuffer()))
    expect([rest[0], rest.length]).toEqual([4321, 680])
  })

  it('a segment whose object has expired is not found', async () => {
    const { store } = await opened()
    await store.seal(ID, 1, { first: 1, last: 3, final: false })
    await expect(store.read(ID, 1, 1)).rejects.toMatchObject({ code: 'not_found' })
  })
})
