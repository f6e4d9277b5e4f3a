import { expect, it } from 'vitest'
import { type LogReader, readSegments } from '../../../cli/follow/read-segments.ts'
import type { Log } from '../../../core/contract/log.ts'
import { encodeRecord } from '../../../core/contract/records.ts'
import { joinFrom } from '../../../core/domain/log-join.ts'

const PER_ANSWER = 3
const lengths = [10, 4]

/** A log of two attempts with a segment for each event, of which an answer lists a few. */
const openReader = (kept: (url: string) => boolean = () => true) => {
  const asked: string[] = []
  const get = async (_path: string, { query }: { query: { from: string } }): Promise<Log> => {
    asked.push(query.from)
    const [from = 1, seq = 1] = query.from.split('.').map(Number)
    const attempts = lengths.map((last, n) => {
      const begin = n + 1 === from ? Math.max(1, seq) : 1
      const count = Math.max(0, Math.min(PER_ANSWER, last - begin + 1))
      const segments = Array.from({ length: count }, (_, at) => {
        const first = begin + at
        return { url: `/${n + 1}/${first}`, first, last: first, bytes: 1, sha256: `of ${first}` }
      })
      return { attempt: n + 1, segments: segments.filter(({ url }) => kept(url)), last, sealed: true }
    })
    return { attempts: attempts.filter(({ attempt }) => attempt >= from), open: false }
  }
  const hashes: (string | undefined)[] = []
  const bytes = async (url: string, sha256?: string) => {
    hashes.push(sha256)
    return encodeRecord({ seq: Number(url.split('/')[2]), at: '', type: 'output', stream: 'stdout' }, Buffer.from('x'))
  }
  return { asked, hashes, reader: { get, bytes } as unknown as LogReader }
}

it('a log of which only a part is listed at a time is read whole, in order, and each part with what was recorded of it', async () => {
  const { reader, asked, hashes } = openReader()
  const seen: string[] = []
  await readSegments(reader, 's-0000000000', joinFrom({ attempt: 1, seq: 1 }), async ({ events }) => {
    seen.push(...events.map(({ attempt, head }) => `${attempt}.${head.seq}`))
  })
  const whole = lengths.flatMap((length, n) => Array.from({ length }, (_, at) => `${n + 1}.${at + 1}`))
  expect(seen).toEqual(whole)
  expect(asked).toEqual(['1.1', '1.4', '1.7', '1.10', '2.4'])
  expect(hashes.slice(0, 3)).toEqual(['of 1', 'of 2', 'of 3'])
})

it.each([
  ['its end', (url: string) => url !== '/2/4'],
  ['all of an attempt', (url: string) => !url.startsWith('/2/')],
])('a log of which %s is gone is told to be damaged, after what is left of it', async (_, kept) => {
  const { reader } = openReader(kept)
  const seen: string[] = []
  const reading = readSegments(reader, 's-0000000000', joinFrom({ attempt: 1, seq: 1 }), async ({ events }) => {
    seen.push(...events.map(({ attempt, head }) => `${attempt}.${head.seq}`))
  })
  await expect(reading).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('of attempt 2') })
  expect(seen.at(-1)).toBe(kept('/2/3') ? '2.3' : '1.10')
})

it('a segment that has less than was recorded is damaged', async () => {
  const { reader } = openReader()
  const empty = { ...reader, bytes: async () => new Uint8Array(0) } as unknown as LogReader
  const reading = readSegments(empty, 's-0000000000', joinFrom({ attempt: 1, seq: 1 }), async () => undefined)
  await expect(reading).rejects.toMatchObject({ code: 'corrupt' })
})
