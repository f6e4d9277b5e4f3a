import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NotStored, openGrantStorage } from '../../../agent-bootstrap/cloud/grant-storage.ts'
import { decodeRecords } from '../../../core/contract/records.ts'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { type GrantedMachine, openGrantedMachine } from '../../support/granted-machine.ts'
import { type Moto, startMoto } from '../../support/moto.ts'
import { outputOf, readLog, sessionDir, startRunner } from '../../support/runner-process.ts'

let moto: Moto
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto?.stop())

const planes: FakeControlPlane[] = []
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.close()
})

type Changes = NonNullable<Parameters<typeof runSpec>[0]>
const open = async (task: string, more: (machine: GrantedMachine) => Promise<Changes> | Changes = () => ({})) => {
  const { session } = runSpec()
  const machine = await openGrantedMachine(moto, session)
  const { request, ...rest } = await more(machine)
  const spec = { session, grant: machine.grant(), log: { kind: 'upload' as const }, ...rest, request: { task, ...request } }
  const plane = await openFakeControlPlane(runSpec(spec))
  planes.push(plane)
  return { plane, machine, session }
}
const run = async (plane: FakeControlPlane) => {
  const runner = startRunner(plane)
  expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
  return plane.said.done[0]
}

describe('a session whose machine has a grant', () => {
  it('has its whole log in the bucket, in segments of a megabyte, each reported after it', async () => {
    const { plane, machine, session } = await open('head -c 5000000 /dev/urandom')
    const done = await run(plane)
    const log = await machine.log()
    const written = await readLog(plane)
    expect(log).toEqual(written)
    expect(outputOf(log, 'stdout')).toHaveLength(5_000_000)
    const { seal } = plane.said
    expect(seal.length).toBeGreaterThan(1)
    expect(seal.map(({ first }) => first)).toEqual([1, ...seal.slice(0, -1).map(({ last }) => last + 1)])
    expect(seal.map(({ final }) => final)).toEqual(seal.map((_, n) => n === seal.length - 1))
    expect(seal.at(-1)?.last).toBe(done?.lastSeq)
    expect(await machine.keys()).toEqual(seal.map(({ first }) => `sessions/${session}/log/1/${String(first).padStart(12, '0')}`))
    for (const { first, sha256 = '', bytes } of seal) {
      const key = `sessions/${session}/log/1/${String(first).padStart(12, '0')}`
      const object = await machine.bytesOf(key)
      expect(createHash('sha256').update(object).digest('hex')).toBe(sha256)
      expect(object).toHaveLength(bytes ?? -1)
      expect(await machine.checksumOf(key)).toBe(Buffer.from(sha256, 'hex').toString('base64'))
    }
  })

  it('is shown live from its seal on to those who come to watch, and no further than they do', async () => {
    const { plane, machine } = await open('echo before; sleep 1; for n in 1 2 3 4 5 6; do echo $n; sleep 0.2; done; sleep 60')
    const runner = startRunner(plane)
    const file = join(sessionDir(plane), 'log/1/000000000001')
    await plane.until('output', () => plane.said.beat.length > 0 && existsSync(file) && statSync(file).size > 0)
    plane.setWatch(true)
    const shown = () =>
      plane.said.frames.flatMap(({ records }) =>
        records === undefined ? [] : decodeRecords(Buffer.from(records, 'base64')).events,
      )
    await plane.until('live', () => outputOf(shown(), 'stdout').toString().endsWith('6\n'))
    const [announced] = plane.said.frames
    expect(announced).toMatchObject({ first: 1, last: plane.said.seal[0]?.last })
    const joined = [...(await machine.log()), ...shown()]
    expect(joined.map(({ head }) => head.seq)).toEqual(joined.map((_, n) => n + 1))
    expect(outputOf(joined, 'stdout').toString()).toBe('before\n1\n2\n3\n4\n5\n6\n')
    plane.setWatch(false)
    const frames = plane.said.frames.length
    plane.terminate('now')
    expect(await runner.exit).toBe(0)
    expect(plane.said.frames.length).toBe(frames)
    expect(await machine.log()).toEqual(await readLog(plane))
  })

  it('reads its secrets itself and hides them, its own credentials are nowhere', async () => {
    const { plane, machine } = await open('env; echo "$ONE-$TWO-$THREE"', async (granted) => ({
      grant: granted.grant({
        secrets: [
          { name: 'ONE', arn: await granted.secret('the-first-value'), json: false },
          {
            name: 'kept',
            arn: await granted.secret('{"TWO":"the-second-value","THREE":"the-third-value",":request":"{}"}'),
            json: true,
          },
        ],
      }),
    }))
    const done = await run(plane)
    expect(done?.outcome).toMatchObject({ outcome: 'succeeded' })
    const said = outputOf(await machine.log(), 'stdout').toString()
    expect(said).toContain('[redacted:ONE]-[redacted:TWO]-[redacted:THREE]\n')
    expect(said).not.toMatch(/-value|ASIAGRANT|grant\/secret|grant-session-token|:request|AWS_/)
    const spool = await readFile(join(sessionDir(plane), 'log/1/000000000001'), 'utf8')
    expect(spool).not.toContain('-value')
  })

  it('ends when its grant is over and no other can be had, and says so', async () => {
    const { plane, machine } = await open('sleep 60', (granted) => ({
      grant: granted.grant({ expiresAt: new Date(Date.now() + 4000).toISOString() }),
    }))
    const done = await run(plane)
    expect(done?.outcome).toMatchObject({ outcome: 'failed', code: 'credentials' })
    expect(done?.outcome.reason).toContain('credentials have ended')
    expect((await machine.log()).at(-1)?.head).toMatchObject({ type: 'end', code: 'credentials' })
  })

  it('says that its result was not taken when the bucket is not there, and does not try for ever', async () => {
    const { session } = runSpec()
    const granted = await openGrantedMachine(moto, session)
    const storage = openGrantStorage(() => granted.grant({ bucket: 'there-is-none' }))
    const sha256 = createHash('sha256').update('x').digest('hex')
    await expect(storage.put('a', { bytes: Buffer.from('x') }, sha256)).rejects.toThrow(NotStored)
    await expect(openGrantStorage(granted.grant).get('b', '/dev/null')).rejects.toThrow('404 NoSuchKey')
  })

  it('is refused, by name, when a secret cannot be read', async () => {
    const { plane } = await open('echo never', (granted) => ({
      grant: granted.grant({
        secrets: [{ name: 'GONE', arn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:gone', json: false }],
      }),
    }))
    const done = await run(plane)
    expect(done?.outcome).toMatchObject({ outcome: 'refused', code: 'refused' })
    expect(done?.outcome.reason).toMatch(/GONE.*ResourceNotFoundException/)
    expect(outputOf(await readLog(plane), 'stdout')).toHaveLength(0)
  })
})
