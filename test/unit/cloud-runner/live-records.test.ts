import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Content } from '../../../agent-bootstrap/cloud/grant-storage.ts'
import { openUploadedLog } from '../../../agent-bootstrap/cloud/uploaded-log.ts'
import { Spool } from '../../../agent-bootstrap/spool.ts'
import type { FromRunner } from '../../../core/contract/frames.ts'
import { decodeRecords } from '../../../core/contract/records.ts'
import type { Seal } from '../../../core/contract/runner.ts'
import { joinFrom, joinLog } from '../../../core/domain/log-join.ts'
import { aSession } from '../../support/samples.ts'

const dirs: string[] = []
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})

type Sent = Extract<FromRunner, { type: 'live' }> & { at: number; bytes: number; sealed: number }

const open = (agent = 'shell') => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-live-'))
  dirs.push(dir)
  const objects: { first: number; bytes: Uint8Array }[] = []
  const seals: z.input<typeof Seal>[] = []
  const sent: Sent[] = []
  const line = { answer: 'sent' as 'sent' | 'full' | 'away' }
  const log = openUploadedLog({
    ...{
      spec: { attempt: 1, nextSeq: 1, request: aSession(1, { agent }).request },
      dir,
      onFenced: () => undefined,
      cut: () => spool.cut(),
    },
    storage: {
      put: async (key: string, content: Content) => {
        await delay(20)
        if ('bytes' in content) objects.push({ first: Number(key.slice(-12)), bytes: content.bytes })
      },
    },
    plane: {
      seal: async (seal: z.input<typeof Seal>) => {
        seals.push(seal)
      },
    },
    doorbell: () => ({
      send: (frame: FromRunner) => {
        const sealed = seals.at(-1)?.last ?? 0
        if (line.answer === 'sent' && frame.type === 'live')
          sent.push({ ...frame, at: performance.now(), bytes: JSON.stringify(frame).length, sealed })
        return line.answer
      },
      close: () => undefined,
    }),
  })
  const spool = new Spool({
    ...{ ...log.spool, dir },
    onWritten: (_, last) => log.live.written(last),
    onFile: log.sealer.file,
    onFailed: (error) => {
      throw error
    },
  })
  const until = async (seen: () => boolean) => {
    const deadline = performance.now() + 10_000
    while (!seen()) {
      if (performance.now() > deadline) throw new Error(`it did not happen: ${JSON.stringify(sent.slice(-3))}`)
      await delay(5)
    }
  }
  const write = async (bytes: number) => {
    await spool.append({ type: 'output', stream: 'stdout' }, Buffer.alloc(bytes, 'y'))
    await spool.flushed()
  }
  /** What somebody sees who reads segments up to the seal, then live, and heals every hole from segments. */
  const seen = () => {
    let state = joinFrom({ attempt: 1, seq: 1 })
    const seqs: number[] = []
    const take = (bytes: Uint8Array) => {
      const joined = joinLog(state, { kind: 'events', attempt: 1, events: decodeRecords(bytes).events })
      state = joined.join
      seqs.push(...joined.events.map(({ head }) => head.seq))
      return joined.hole
    }
    const heal = (upTo: number) => {
      for (const { first, bytes } of objects) if (first <= upTo) take(gunzipSync(bytes))
    }
    for (const { records, sealed } of sent) {
      heal(sealed)
      if (records !== undefined) expect(take(Buffer.from(records, 'base64'))).toBe(false)
    }
    return seqs
  }
  return { log, spool, sent, seals, line, until, write, seen, records: () => sent.filter((frame) => frame.records !== undefined) }
}
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

describe('live records', () => {
  it('of a terminal come sooner after each other: somebody waits for the echo of a key', async () => {
    const watched = async (agent: string) => {
      const { log, write, until, sent, records } = open(agent)
      await write(1)
      log.live.watch(true)
      await until(() => sent.length > 0)
      for (let n = 0; n < 100; n++) {
        await write(1)
        await delay(10)
      }
      return records().length
    }
    const [plain, typed] = await Promise.all([watched('shell'), watched('terminal')])
    expect(typed).toBeGreaterThan(plain * 1.5)
  })

  it('are not sent to nobody', async () => {
    const { write, sent, seals } = open()
    await write(10)
    await delay(50)
    expect([sent, seals]).toEqual([[], []])
  })

  it('begin after a fresh seal, the first at once, the others in turns', async () => {
    const { log, write, sent, seals, until, records, seen } = open()
    await write(10)
    await write(10)
    log.live.watch(true, true)
    await until(() => sent.length > 0)
    expect(sent).toMatchObject([{ type: 'live', attempt: 1, first: 1, last: 2, sealed: 2 }])
    expect(seals).toMatchObject([{ first: 1, last: 2 }])
    const began = performance.now()
    await write(10)
    await until(() => records().length > 0)
    expect(performance.now() - began).toBeLessThan(100)
    for (let n = 0; n < 20; n++) {
      await write(10)
      await delay(20)
    }
    await until(() => records().at(-1)?.last === 23)
    const times = records().map(({ at }) => at)
    expect(times.length).toBeLessThanOrEqual(5)
    expect(Math.min(...times.slice(1).map((at, n) => at - (times[n] ?? 0)))).toBeGreaterThan(200)
    expect(seen()).toEqual(upTo(23))
    expect(seals).toHaveLength(1)
  })

  it('fit into frames of 32 KB, and what does not is sealed first and then announced', async () => {
    const { log, write, sent, until, records, seen } = open()
    log.live.watch(true, true)
    for (const bytes of [20_000, 20_000, 20_000]) await write(bytes)
    await until(() => records().at(-1)?.last === 3)
    await write(40_000)
    await until(() => sent.some(({ first, last, records: carried }) => carried === undefined && first <= 4 && last >= 4))
    const announced = sent.find(({ last, records: carried }) => carried === undefined && last >= 4)
    expect(announced?.sealed).toBeGreaterThanOrEqual(4)
    await write(10)
    await until(() => sent.some(({ last }) => last === 5))
    expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(32 * 1024)
    expect(seen()).toEqual(upTo(5))
  })

  it('are whole for somebody who comes to watch in the middle', async () => {
    const { log, write, until, seen, sent, spool } = open()
    log.live.watch(true, true)
    const writing = (async () => {
      for (let n = 0; n < 150; n++) {
        await write(n % 40 === 7 ? 70_000 : 500)
        if (n % 50 === 20) log.live.watch(true, true)
        await delay(5)
      }
    })()
    await writing
    await until(() => sent.at(-1)?.last === spool.durable)
    expect(seen()).toEqual(upTo(150))
  })

  it('whoever comes is told when all there was is sealed, also when nothing was left to seal', async () => {
    const { log, write, until, sent, seals, seen } = open()
    const announced = () => sent.filter(({ records }) => records === undefined)
    log.live.watch(true, true)
    await until(() => announced().length === 1)
    expect([announced()[0], seals]).toMatchObject([{ first: 1, last: 0 }, []])
    await write(10)
    log.live.watch(true, true)
    await until(() => announced().length === 2)
    expect(announced()[1]).toMatchObject({ last: 1, sealed: 1 })
    log.live.watch(true, true)
    await until(() => announced().length === 3)
    expect([announced()[2]?.last, seals.length]).toEqual([1, 1])
    expect(seen()).toEqual([1])
  })

  it('whoever comes while it is being sealed is told of what was written since, too', async () => {
    const { log, write, until, sent, spool } = open()
    await write(10)
    log.live.watch(true, true)
    for (let n = 0; n < 30; n++) {
      await write(10)
      log.live.watch(true, true)
      const [there, before] = [spool.durable, sent.length]
      await until(() => sent.slice(before).some(({ records, last }) => records === undefined && last >= there))
      const told = sent.slice(before).find(({ records }) => records === undefined)
      expect(told?.sealed).toBeGreaterThanOrEqual(there)
      if (n > 2) break // each takes a second
    }
  })

  it('many who look in, one after the other, make it seal once a second and no more', async () => {
    const { log, write, until, seals, spool } = open()
    const began = performance.now()
    for (let n = 0; n < 60; n++) {
      await write(10)
      log.live.watch(true, true)
      await delay(20)
      log.live.watch(false)
    }
    log.live.watch(true, true)
    await until(() => seals.at(-1)?.last === spool.durable)
    expect(seals.length).toBeGreaterThan(1)
    expect(seals.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 1000)
  })

  it('come as segments while the line is full, and stop while there is none', async () => {
    const { log, write, until, seals, sent, line, seen } = open()
    log.live.watch(true, true)
    await write(10)
    await until(() => sent.some(({ last }) => last === 1))
    line.answer = 'full'
    await write(10)
    await until(() => seals.at(-1)?.last === 2)
    line.answer = 'sent'
    await write(10)
    await until(() => sent.some(({ last }) => last === 3))
    line.answer = 'away'
    const before = seals.length
    await write(10)
    await delay(1500)
    await write(10)
    await delay(300)
    expect(seals.length).toBeLessThanOrEqual(before + 1)
    line.answer = 'sent'
    log.live.watch(true)
    await until(() => sent.at(-1)?.last === 5)
    expect(seen()).toEqual(upTo(5))
  })
})
