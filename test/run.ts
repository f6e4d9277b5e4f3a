import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { preparePythonTools } from './support/python-tools.ts'
import { installMissing } from './support/system-packages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')

type Counts = { passed: number; failed: number; skipped: number; slowest: { name: string; ms: number }[] }

/** Each check counts as one test. */
const CHECKS: [string, string, string[]][] = [
  ['types of core/', 'tsc', ['-p', 'core']],
  ['types', 'tsc', ['-p', '.']],
  ['lint, format and import rules', 'biome', ['check', '--error-on-warnings', '.']],
  ['nothing unused', 'knip', []],
]

const run = (command: string, args: string[], env: NodeJS.ProcessEnv = process.env): boolean =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0

const runTests = (args: string[]): Counts => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-test-'))
  const file = join(dir, 'counts.json')
  // All that tests leave in the temporary directory goes with it; some of them are another user.
  chmodSync(dir, 0o1777)
  const env = { ...process.env, REMOTE_BUILT: '1', REMOTE_TEST_COUNTS: file, TMPDIR: dir }
  const passed = run(join(bin, 'vitest'), ['run', ...args], env)
  try {
    const counts = JSON.parse(readFileSync(file, 'utf8')) as Counts
    return passed || counts.failed > 0 ? counts : { ...counts, failed: 1 }
  } catch {
    return { passed: 0, failed: 1, skipped: 0, slowest: [] }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const main = (): number => {
  const only = process.argv.slice(2)
  const missing = installMissing()
  if (missing.length > 0) {
    console.error(`the tests need what is not installed here; for example: sudo apt-get install ${missing.join(' ')}`)
    return 1
  }
  if (!preparePythonTools()) {
    console.error(
      "the rehearsals need Python's packages of test/support/requirements.txt: pip install -r it, or run this where pip can",
    )
    return 1
  }
  if (!run(process.execPath, ['build.ts'])) return 1
  const failedChecks = only.length > 0 ? [] : CHECKS.filter(([, command, args]) => !run(join(bin, command), args))
  const checks = only.length > 0 ? 0 : CHECKS.length
  const tests = runTests(only)
  for (const [name] of failedChecks) console.log(`failed: ${name}`)
  for (const { name, ms } of tests.slowest) console.log(`${String(ms).padStart(7)} ms  ${name}`)
  const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''
  const failed = tests.failed + failedChecks.length
  console.log(`${tests.passed + checks - failedChecks.length} passed, ${failed} failed${skipped}`)
  // What was skipped was not proved.
  return failed === 0 && (tests.skipped === 0 || process.env['CI'] === undefined) ? 0 : 1
}

process.exitCode = main()
