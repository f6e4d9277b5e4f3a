import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeRecords } from '../../../core/contract/records.ts'
import { openSpoolSegmentStore } from '../../../local/adapters/spool-segment-store.ts'
import { SpoolFrames } from '../../../local/live/spool-frames.ts'
import { output } from './live-world.ts'

const ID = 's-7k3m9q2w4x'
const root = mkdtempSync(join(tmpdir(), 'spool-'))
let count = 0

/** Bodies of records, grouped into files, and how many bytes of a further record were written before the crash. */
const spool = fc.record({
  files: fc.array(
    fc.array(
      fc.oneof({ weight: 20, arbitrary: fc.nat(2000) }, { weight: 1, arbitrary: fc.integer({ min: 250_000, max: 600_000 }) }),
      { minLength: 1, maxLength: 12 },
    ),
    { maxLength: 4 },
  ),
  torn: fc.nat(40),
  from: fc.nat(60),
})
type Spool = { files: number[][]; torn: number; from: number }

const write = ({ files, torn }: Spool) => {
  count += 1
  const sessions = join(root, String(count))
  const dir = join(sessions, ID, 'log', '1')
  mkdirSync(dir, { recursive: true })
  let seq = 0
  for (const [index, sizes] of files.entries()) {
    const records = sizes.map((size) => output(++seq, Buffer.alloc(size, seq)))
    const rest = index === files.length - 1 ? [output(seq + 1).subarray(0, torn)] : []
    writeFileSync(join(dir, String(seq - sizes.length + 1).padStart(12, '0')), Buffer.concat([...records, ...rest]))
  }
  return { sessions, dir, last: seq }
}
const range = (first: number, last: number) => Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n)

it('frames read one after the other hold every whole record from any event on, once', () => {
  fc.assert(
    fc.property(spool, (given) => {
      const { dir, last } = write(given)
      const frames = new SpoolFrames(dir, 7)
      const first = Math.min(Math.max(1, given.from), last + 1)
      const seqs: number[] = []
      let place = frames.place(first)
      for (let frame = frames.read(place); frame; frame = frames.read(place)) {
        expect(frame.bytes.readUInt32BE(0)).toBe(7)
        const { events, rest } = decodeRecords(frame.bytes.subarray(4))
        expect(rest).toBe(frame.bytes.length - 4)
        seqs.push(...events.map(({ head }) => head.seq))
        place = frame.behind
      }
      expect(seqs).toEqual(range(first, last))
    }),
    { numRuns: 150 },
  )
}, 120_000)

it('a lost log is closed after its last whole record, and its segments hold all of them', async () => {
  await fc.assert(
    fc.asyncProperty(spool, async (given) => {
      const { sessions, last } = write(given)
      const store = openSpoolSegmentStore(sessions)
      if (given.from % 2 === 0) await store.log(ID, 1)
      expect(await store.sealWhereDurable(ID, 1, 'lost')).toBe(last)
      const log = await store.log(ID, 1)
      expect(log).toMatchObject({ last, sealed: true, lost: 'lost' })
      const seqs: number[] = []
      for (const segment of log.segments) {
        const bytes = new Uint8Array(await new Response(await store.read(ID, 1, segment.first)).arrayBuffer())
        expect(bytes.length).toBe(segment.bytes)
        const found = decodeRecords(bytes).events.map(({ head }) => head.seq)
        expect(found).toEqual(range(segment.first, segment.last))
        seqs.push(...found)
      }
      expect(seqs).toEqual(range(1, last))
    }),
    { numRuns: 100 },
  )
}, 120_000)
