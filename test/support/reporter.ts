import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Leaves the counts and the slowest tests where the test command reads them (REMOTE_TEST_COUNTS). */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const file = process.env['REMOTE_TEST_COUNTS']
    if (!file) return
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A module that cannot be loaded has no tests, and an error outside of tests belongs to none: both are failures.
    const broken = modules.filter((module) => module.state() === 'failed' && [...module.children.allTests()].length === 0).length
    const slowest = tests
      .map((test) => ({ name: test.fullName, ms: Math.round(test.diagnostic()?.duration ?? 0) }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, 10)
    writeFileSync(
      file,
      JSON.stringify({
        passed: count('passed'),
        failed: count('failed') + broken + errors.length,
        skipped: count('skipped'),
        slowest,
      }),
    )
  }
}
