import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Two kinds: what needs one process, and what drives the built programs. Each file has its own directories, so all run at once. */
export default defineConfig({
  test: {
    pool: 'forks',
    // Most of them wait for processes of their own.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/promises/**/*.test.ts', 'test/infra/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'scenarios',
          include: ['test/scenarios/**/*.test.ts', 'test/cli/**/*.test.ts'],
          testTimeout: 180_000,
          globalSetup: ['test/support/built.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'rehearsal',
          // Of a file: each is a machine that boots, and two files run at once.
          maxConcurrency: 3,
          include: ['test/rehearsal/**/*.test.ts'],
          testTimeout: 180_000,
          // The first run on a machine makes the root of all instances.
          hookTimeout: 660_000,
          globalSetup: ['test/support/built.ts'],
        },
      },
    ],
  },
})
