import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { addressOf } from '../../../agent-bootstrap/cloud/grant-storage.ts'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { startRunner } from '../../support/runner-process.ts'

const planes: FakeControlPlane[] = []
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.close()
})

it('a session on this machine loads nothing of the cloud', async () => {
  const plane = await openFakeControlPlane(runSpec({ request: { task: 'true' } }))
  planes.push(plane)
  const file = join(plane.dir, 'imports')
  const hook = new URL('../../support/record-imports.mjs', import.meta.url).pathname
  const runner = startRunner(plane, { NODE_OPTIONS: `--import=${hook}`, RECORD_IMPORTS: file })
  expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
  const loaded = (await readFile(file, 'utf8')).split('\n')
  expect(loaded.some((url) => url.endsWith('/agent-bootstrap/runner.ts'))).toBe(true)
  expect(loaded.filter((url) => /agent-bootstrap\/cloud|aws4fetch|node:(https|tls|zlib)/.test(url))).toEqual([])
})

it('a bucket is addressed by its own name in AWS, and by path where the endpoint is another', () => {
  const bucket = { bucket: 'b-1', region: 'eu-west-2' }
  expect(addressOf(bucket, 'sessions/s/x')).toBe('https://b-1.s3.eu-west-2.amazonaws.com/sessions/s/x')
  expect(addressOf({ ...bucket, region: 'cn-north-1' }, 'a/b')).toBe('https://b-1.s3.cn-north-1.amazonaws.com.cn/a/b')
  expect(addressOf({ ...bucket, endpointUrl: 'http://localhost:5000' }, 'a/b')).toBe('http://localhost:5000/b-1/a/b')
})
