import { execFileSync } from 'node:child_process'
import { writev } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool, type SpoolOptions, type Writev } from '../../../agent-bootstrap/spool.ts'
import { decodeRecords, encodeRecord } from '../../../core/contract/records.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-spool-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

type Seen = { written: [number, number][]; files: [number, number, number][]; failed: Error[] }
const open = (more: Partial<SpoolOptions> = {}): { spool: Spool; seen: Seen } => {
  const seen: Seen = { written: [], files: [], failed: [] }
  const spool = new Spool({
    dir,
    onWritten: (first, last) => seen.written.push([first, last]),
    onFile: (first, last, bytes) => seen.files.push([first, last, bytes]),
    onFailed: (error) => seen.failed.push(error),
    ...more,
  })
  return { spool, seen }
}
/** Streams take turns: output of the same one would grow into one record. */
const output = (n: number) => ({ type: 'output', stream: n % 2 === 0 ? 'stdout' : 'stderr' }) as const
const seqs = async (from = dir) => {
  const files = await Promise.all((await readdir(from)).sort().map((name) => readFile(join(from, name))))
  return files.flatMap((file) => decodeRecords(file).events.map(({ head }) => head.seq))
}
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

describe('the spool', () => {
  it('numbers records without holes and begins a new file after 8 MB', async () => {
    const { spool, seen } = open()
    for (let n = 0; n < 300; n++) await spool.append(output(n), new Uint8Array(65_536))
    expect(await spool.close()).toBe(300)
    expect(await seqs()).toEqual(upTo(300))
    const names = (await readdir(dir)).sort()
    expect(names).toEqual(seen.files.map(([first]) => String(first).padStart(12, '0')))
    expect(names.length).toBe(3)
    for (const [first, , bytes] of seen.files) expect((await stat(join(dir, String(first).padStart(12, '0')))).size).toBe(bytes)
    expect(seen.files.at(-1)?.[1]).toBe(300)
  })

  it('lets output that waits grow into records of 64 KB, byte for byte', async () => {
    const { spool } = open()
    const pieces = Array.from({ length: 1000 }, (_, n) => new Uint8Array(1000).fill(n))
    for (const piece of pieces) void spool.append(output(0), piece)
    void spool.append(output(1), new Uint8Array(3))
    const last = await spool.close()
    expect(last).toBeLessThan(20)
    const { events } = decodeRecords(await readFile(join(dir, '000000000001')))
    expect(events.map(({ head }) => head.seq)).toEqual(upTo(last))
    expect(Buffer.concat(events.slice(0, -1).map(({ bytes }) => bytes ?? new Uint8Array(0)))).toEqual(Buffer.concat(pieces))
    expect(events.at(-1)?.head).toMatchObject({ stream: 'stderr' })
  })

  it('takes any number of tiny pieces', async () => {
    const { spool } = open()
    for (let n = 0; n < 5000; n++) void spool.append(output(0), Uint8Array.of(n))
    const last = await spool.close()
    const { events } = decodeRecords(await readFile(join(dir, '000000000001')))
    expect(events.length).toBe(last)
    expect(Buffer.concat(events.map(({ bytes }) => bytes ?? new Uint8Array(0)))).toEqual(
      Buffer.from(Array.from({ length: 5000 }, (_, n) => n & 255)),
    )
  })

  it('makes whoever writes faster than the disk wait', async () => {
    const waiting: (() => void)[] = []
    const slow = ((fd: number, buffers: Uint8Array[], position: null, done: Parameters<Writev>[3]) =>
      waiting.push(() => writev(fd, buffers, position, done))) as unknown as Writev
    const { spool } = open({ writev: slow })
    let room = false
    for (let n = 0; n < 40; n++) void spool.append(output(n), new Uint8Array(65_536))
    void spool.append(output(40), new Uint8Array(1)).then(() => {
      room = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(room).toBe(false)
    while (!room) {
      waiting.shift()?.()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const closed = spool.close()
    const rest = setInterval(() => waiting.shift()?.(), 1)
    expect(await closed).toBe(41)
    clearInterval(rest)
  })

  it('cuts what an earlier runner did not finish and goes on after it, wherever that was torn', async () => {
    const first = open().spool
    for (let n = 0; n < 3; n++) await first.append(output(n), new Uint8Array(10))
    await first.close()
    const torn = encodeRecord({ seq: 4, at: '', ...output(3) }, new Uint8Array(100))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: torn.length - 1 }), async (length) => {
        await appendFile(join(dir, '000000000001'), torn.subarray(0, length))
        expect(open().spool.durable).toBe(3)
        expect(await seqs()).toEqual([1, 2, 3])
      }),
      { numRuns: 40 },
    )
    const { spool, seen } = open()
    await spool.append(output(3), new Uint8Array(5))
    expect(await spool.close()).toBe(4)
    expect(await seqs()).toEqual([1, 2, 3, 4])
    expect(seen.files).toEqual([[1, 4, (await stat(join(dir, '000000000001'))).size]])
  })

  it('writes the rest when the disk takes less than it was given', async () => {
    const stingy = ((fd: number, buffers: Uint8Array[], position: null, done: Parameters<Writev>[3]) =>
      writev(fd, [(buffers[0] as Uint8Array).subarray(0, 7)], position, done)) as unknown as Writev
    const { spool } = open({ writev: stingy })
    for (let n = 0; n < 20; n++) void spool.append(output(n), new Uint8Array(n * 3))
    expect(await spool.close()).toBe(20)
    expect(await seqs()).toEqual(upTo(20))
  })

  it('keeps whole records when the disk refuses, drops the rest and can go on later', async () => {
    let room = 1000
    const limited = ((fd: number, buffers: Uint8Array[], position: null, done: Parameters<Writev>[3]) => {
      const bytes = Buffer.concat(buffers).subarray(0, room)
      room -= bytes.length
      if (bytes.length === 0) return done(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }), 0, buffers)
      return writev(fd, [bytes], position, done)
    }) as unknown as Writev
    const { spool, seen } = open({ writev: limited })
    for (let n = 0; n < 10; n++) await spool.append(output(n), new Uint8Array(150))
    await spool.flushed()
    expect(seen.failed.map((error) => (error as NodeJS.ErrnoException).code)).toEqual(['ENOSPC'])
    expect(await seqs()).toEqual(upTo(spool.durable))
    const before = spool.durable
    await spool.append(output(10), new Uint8Array(150))
    room = 1000
    spool.reopen()
    await spool.append({ type: 'notice', level: 'error', text: 'the disk was full' })
    expect(await spool.close()).toBe(before + 1)
    expect(await seqs()).toEqual(upTo(before + 1))
  })

  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('survives a disk that is really full', async () => {
    const full = join(dir, 'full')
    await mkdir(full)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full])
    try {
      const { spool, seen } = open({ dir: full })
      for (let n = 0; n < 40; n++) await spool.append(output(n), new Uint8Array(50_000))
      await spool.flushed()
      expect(seen.failed).toHaveLength(1)
      expect(spool.durable).toBeGreaterThan(10)
      spool.reopen()
      await spool.append({ type: 'notice', level: 'error', text: 'full' })
      const last = await spool.close()
      expect(await seqs(full)).toEqual(upTo(last))
    } finally {
      execFileSync('umount', ['-l', full])
    }
  })
})
