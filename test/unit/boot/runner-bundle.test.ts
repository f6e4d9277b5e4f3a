import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildRunnerBundle } from '../../../build-runner-bundle.ts'

const dir = mkdtempSync(join(tmpdir(), 'remote-bundle-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const tar = (...args: string[]) => spawnSync('tar', args, { encoding: 'utf8' })

it('the runner comes with Node and all that boots it, and two builds are the same bytes', { timeout: 180_000 }, () => {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
  for (const program of ['runner.js', 'sandbox.js']) writeFileSync(join(dir, program), `console.log('${program} runs')`)
  const one = buildRunnerBundle(arch, join(dir, 'one'), dir)
  const two = buildRunnerBundle(arch, join(dir, 'two'), dir)
  expect(two.sha256).toBe(one.sha256)
  expect(createHash('sha256').update(readFileSync(one.file)).digest('hex')).toBe(one.sha256)
  expect(readFileSync(`${one.file}.sha256`, 'utf8')).toBe(`${one.sha256}\n`)

  const { status, stderr } = tar('-xzf', one.file, '-C', join(dir, 'one'))
  expect([status, stderr]).toEqual([0, ''])
  const boot = readdirSync(new URL('../../../agent-bootstrap/boot', import.meta.url)).filter((name) => name !== 'user-data.sh')
  expect(readdirSync(join(dir, 'one', 'boot')).sort()).toEqual(boot.sort())
  expect(readFileSync(join(dir, 'one', 'version'), 'utf8')).toBe(`${one.version}\n`)
  expect(tar('-tvzf', one.file).stdout).toMatch(/^-rwxr-xr-x 0\/0 +\d+ 1970-01-01 00:00 bin\/node$/m)
  expect(
    spawnSync(join(dir, 'one', 'bin', 'npm'), ['--version'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } }).stdout,
  ).toMatch(/^11\./)
  expect(spawnSync(join(dir, 'one', 'bin', 'node'), [join(dir, 'one', 'runner.js')], { encoding: 'utf8' }).stdout).toBe(
    'runner.js runs\n',
  )
  // As the runner loads it, from its own place alone.
  const load = `const { createRequire } = require('node:module')
    const { resolve } = createRequire(createRequire('${join(dir, 'one', 'runner.js')}').resolve('@lydell/node-pty/package.json'))
    console.log(typeof require(resolve('@lydell/node-pty-linux-${arch}/pty.node')).fork)`
  const loaded = spawnSync(join(dir, 'one', 'bin', 'node'), ['-e', load], { encoding: 'utf8', cwd: '/' })
  expect(loaded.stdout, loaded.stderr).toBe('function\n')
})
