import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Content } from '../../../agent-bootstrap/cloud/grant-storage.ts'
import { openUploadedLog } from '../../../agent-bootstrap/cloud/uploaded-log.ts'
import { CallRefused, Fenced } from '../../../agent-bootstrap/control-plane-client.ts'
import { Spool } from '../../../agent-bootstrap/spool.ts'
import { decodeRecords } from '../../../core/contract/records.ts'
import type { Seal } from '../../../core/contract/runner.ts'

const dirs: string[] = []
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})
const newDir = () => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-segments-'))
  dirs.push(dir)
  return dir
}

type Sealed = z.input<typeof Seal>

/** A bucket and a control plane that fail as told, and a log that is uploaded to them. */
const open = ({ dir = newDir(), nextSeq = 1, sealMs = 60_000 } = {}) => {
  const objects = new Map<string, Uint8Array>()
  const seals: Sealed[] = []
  const told: string[] = []
  const trouble = { put: [] as Error[], seal: [] as Error[], isFenced: false, waits: Promise.resolve() }
  const waiters: (() => void)[] = []
  const storage = {
    put: async (key: string, content: Content) => {
      await trouble.waits
      told.push(`put ${key}`)
      const error = trouble.put.shift()
      if (error) throw error
      if ('bytes' in content) objects.set(key, content.bytes)
    },
  }
  const plane = {
    seal: async (seal: Sealed) => {
      told.push(`seal ${seal.first}`)
      const error = trouble.seal.shift()
      if (error) throw error
      seals.push(seal)
      for (const wake of waiters.splice(0)) wake()
    },
  }
  const log = openUploadedLog({
    ...{ spec: { attempt: 1, nextSeq }, dir, storage, plane, sealMs },
    cut: () => spool.cut(),
    doorbell: () => undefined,
    onFenced: () => {
      trouble.isFenced = true
    },
    onTrouble: (why) => told.push(`trouble ${why}`),
  })
  const spool = new Spool({
    ...{ ...log.spool, dir, fileBytes: 100_000 },
    onWritten: (_, last) => log.live.written(last),
    onFile: log.sealer.file,
    onFailed: (error) => {
      throw error
    },
  })
  const write = async (count: number, bytes = 10) => {
    for (let n = 0; n < count; n++) {
      await spool.append({ type: 'output', stream: n % 2 === 0 ? 'stdout' : 'stderr' }, Buffer.alloc(bytes, 'x'))
      await spool.flushed()
    }
  }
  return {
    dir,
    spool,
    seals,
    told,
    trouble,
    write,
    objects,
    end: async (deadlineMs?: number) => {
      const last = await spool.close()
      await log.sealer.final(last, deadlineMs)
      return last
    },
    sealed: () => new Promise<void>((resolve) => waiters.push(resolve)),
    seqs: () =>
      [...objects]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, object]) => decodeRecords(gunzipSync(object)).events.map(({ head }) => head.seq)),
  }
}
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

describe('segments of a log', () => {
  it('are stored before they are reported, in order, whatever fails in between', async () => {
    const log = open()
    log.trouble.put.push(new Error('away'), new Error('away'))
    log.trouble.seal.push(new Error('away'))
    await log.write(2, 60_000)
    await log.write(1, 60_000)
    const last = await log.end()
    expect(log.seqs()).toEqual(upTo(last))
    const order = log.told.map((text) => text.replace('log/1/', '').replace(/0+(?=\d)/, ''))
    expect(order.slice(0, 5)).toEqual(['put 1', 'trouble away', 'put 1', 'put 1', 'seal 1'])
    expect(log.seals.map(({ first }) => first)).toEqual([1, ...log.seals.slice(0, -1).map((seal) => seal.last + 1)])
    expect(log.seals.at(-1)).toMatchObject({ last, final: true })
  })

  it('never hold the spool up, and are fewer and larger when the network is slow', async () => {
    const log = open()
    const slow = Promise.withResolvers<void>()
    log.trouble.waits = slow.promise
    await log.write(60, 60_000)
    expect(log.spool.durable).toBe(60)
    expect(log.objects.size).toBe(0)
    slow.resolve()
    await log.end()
    expect(log.seqs()).toEqual(upTo(60))
    expect(log.objects.size).toBeLessThanOrEqual(3)
  })

  it('are made of the little that there is after a while', async () => {
    const log = open({ sealMs: 150 })
    await log.write(3)
    await log.sealed()
    expect(log.seals).toMatchObject([{ first: 1, last: 3, final: false }])
    await log.write(2)
    await log.sealed()
    expect(log.seals.at(-1)).toMatchObject({ first: 4, last: 5 })
  })

  it('that were all reported before the end are closed by naming the last one again', async () => {
    const log = open()
    await log.write(3)
    const soon = log.sealed()
    log.spool.cut()
    await soon
    expect(await log.end()).toBe(3)
    expect(log.seals).toMatchObject([
      { first: 1, last: 3, final: false },
      { first: 1, last: 3, final: true },
    ])
  })

  it('go on after a restart of the runner where they were reported, with what was written since', async () => {
    const before = open()
    await before.write(3)
    const soon = before.sealed()
    before.spool.cut()
    await soon
    before.trouble.waits = new Promise(() => undefined) // it dies before it can send more
    await before.write(3)
    before.spool.cut()
    await before.write(2)

    const after = open({ dir: before.dir, nextSeq: 4 })
    await after.write(2)
    expect(await after.end()).toBe(10)
    expect(after.seqs()).toEqual(upTo(10, 4))
    expect(after.seals.map(({ first }) => first)[0]).toBe(4)
    expect(after.seals.at(-1)).toMatchObject({ last: 10, final: true })
  })

  it('end with the runner when the attempt was given up, or when nobody takes them', async () => {
    const log = open()
    log.trouble.seal.push(new Fenced('given up'))
    await log.write(3)
    await log.end()
    expect([log.trouble.isFenced, log.seals]).toEqual([true, []])

    const refused = open()
    refused.trouble.seal.push(new CallRefused('no'))
    await refused.write(3)
    await refused.end()
    expect(refused.seals).toEqual([])

    const alone = open()
    alone.trouble.put.push(...Array.from({ length: 100 }, () => new Error('away')))
    await alone.write(3)
    await alone.end(300)
    expect(alone.seals).toEqual([])
  })
})
