import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { REGION } from './cloud.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { runningSession } from './running-session.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
let session: Session
let s3: S3Client

beforeAll(async () => {
  rehearsal = await openRehearsal()
  const used = await rehearsal.cli(['cloud', 'use'])
  expect(used.code, used.stderr).toBe(0)
  const { cloud } = rehearsal
  const Statement = [{ Effect: 'Allow' as const, Action: 's3:ListBucket', Resource: '*' }]
  const credentials = await cloud.control.user('counting', [{ Version: '2012-10-17', Statement }])
  s3 = new S3Client({ region: REGION, endpoint: cloud.endpoint, credentials, forcePathStyle: true })
  session = await runningSession(rehearsal, 'n=0; while :; do n=$((n + 1)); echo "$n $(date +%s)"; sleep 0.2; done')
}, 600_000)
afterAll(() => rehearsal?.close())

const segments = async (): Promise<number> => {
  const ask = { Bucket: rehearsal.outputs['BucketName'] ?? '', Prefix: `sessions/${session.id}/log/` }
  return (await s3.send(new ListObjectsV2Command(ask))).KeyCount ?? 0
}
const linesOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))

it('`logs` of a session that nobody watches shows what it wrote until it was asked', async () => {
  await until('it writes', async () => ((await rehearsal.cli(['logs', session.id, '--quiet'])).out === '' ? undefined : true))
  for (let n = 0; n < 3; n++) {
    const askedAt = Math.floor(Date.now() / 1000)
    const { code, out, stderr } = await rehearsal.cli(['logs', session.id])
    expect([code, stderr]).toEqual([0, ''])
    const lines = linesOf(out)
    expect(lines.map(([number]) => number)).toEqual(lines.map((_, at) => at + 1))
    // The machine's clock is this computer's. Sealed by itself, it would be up to a minute old.
    expect(lines.at(-1)?.[1]).toBeGreaterThanOrEqual(askedAt - 1)
  }
})

it('however many ask at once, it seals once a second at most', async () => {
  const began = performance.now()
  const before = await segments()
  const all = await Promise.all(Array.from({ length: 6 }, () => rehearsal.cli(['logs', session.id, '--quiet'])))
  const made = (await segments()) - before
  expect(all.map(({ code }) => code)).toEqual(all.map(() => 0))
  // Besides those it makes by itself, once a minute.
  const seconds = (performance.now() - began) / 1000
  expect(made).toBeGreaterThan(0)
  expect(made).toBeLessThanOrEqual(seconds + 2 + seconds / 60)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect((await rehearsal.cli(['terminate', session.id, '--now', '--wait'])).code).toBe(0)
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
