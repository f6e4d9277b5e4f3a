import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { openGrantedMachine } from '../../support/granted-machine.ts'
import { openMachineMetadata } from '../../support/machine-metadata.ts'
import { type Moto, startMoto } from '../../support/moto.ts'
import { startRunner } from '../../support/runner-process.ts'

let moto: Moto
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto?.stop())

const IDENTITY = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@x', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@x' }

it('a machine with a grant fetches the snapshot unsigned where it lies, and puts its result into the bucket before it says so', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-granted-'))
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      ...{ cwd: dir, encoding: 'utf8' },
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', ...IDENTITY },
    }).trim()
  git('init', '-q', '-b', 'main')
  await writeFile(join(dir, 'a.txt'), 'one\n')
  git('add', '-A')
  git('commit', '-qm', 'first')
  const commit = git('rev-parse', 'HEAD')
  git('bundle', 'create', '-q', 'b.bundle', 'main')
  const bytes = await readFile(join(dir, 'b.bundle'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const asked: { url: string; headers: IncomingHttpHeaders }[] = []
  const bucket = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers })
    response.end(bytes)
  })
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
  const where = `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`

  const { session } = runSpec()
  const granted = await openGrantedMachine(moto, session)
  const repository = { id: createHash('sha256').update(commit).digest('hex'), commit, head: commit, branch: 'main', name: 'r' }
  const stored: { path: string; body: unknown }[] = []
  const bundles = [{ sha256, bytes: bytes.length, url: `${where}/bundles/${sha256}?X-Amz-Signature=abc` }]
  const plane = await openFakeControlPlane(
    runSpec({
      ...{ session, bundles, grant: granted.grant(), log: { kind: 'upload' } },
      request: { task: 'echo two >> a.txt', repository },
    }),
    {
      tcp: true,
      more: (path, body) => {
        stored.push({ path, body })
        return {}
      },
    },
  )
  const metadata = await openMachineMetadata()
  const runner = startRunner(plane, { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url }, ['--region', 'us-east-1'])
  try {
    expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
    expect(asked).toMatchObject([{ url: `/bundles/${sha256}?X-Amz-Signature=abc` }])
    expect(asked[0]?.headers).not.toHaveProperty('authorization')
    const result = plane.said.done[0]?.result
    expect(result).toMatchObject({ base: commit, files: 1, insertions: 1 })
    const key = `sessions/${session}/bundles/${result?.bundle}`
    await writeFile(join(dir, 'result.bundle'), await granted.bytesOf(key))
    git('fetch', '-q', 'result.bundle', `${result?.branch}:result`)
    expect(git('show', 'result:a.txt')).toBe('one\ntwo')
    const size = (await granted.bytesOf(key)).length
    expect(await granted.checksumOf(key)).toBe(Buffer.from(result?.bundle ?? '', 'hex').toString('base64'))
    expect(stored).toMatchObject([
      {
        path: `/v1/runner/${session}/1/bundles/${result?.bundle}/stored`,
        body: { bytes: size, facts: { repository: repository.id, tips: [result?.commit], needs: [commit] } },
      },
    ])
    expect(plane.bundles.size).toBe(0)
  } finally {
    await plane.close()
    await metadata.close()
    bucket.close()
    bucket.closeAllConnections()
    await rm(dir, { recursive: true, force: true })
  }
})
