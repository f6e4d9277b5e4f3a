import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProcessCompute } from '../../local/adapters/process-compute.ts'
import { killMarked } from '../../local/adapters/process-marker.ts'
import { until } from '../support/world-processes.ts'
import { keepsTheComputePromise } from './compute-promise.ts'

const RUNNER = new URL('../unit/local/runners/claiming-runner.ts', import.meta.url).pathname

keepsTheComputePromise('local processes', () => {
  const sessions = mkdtempSync(join(tmpdir(), 'compute-'))
  const compute = openProcessCompute({
    sessions,
    runner: [process.execPath, RUNNER],
    arguments: [],
    env: { PATH: process.env['PATH'] ?? '' },
  })
  return {
    compute,
    kill: async (session, attempt) => {
      const claim = JSON.parse(readFileSync(join(sessions, session, `attempt-${attempt}.json`), 'utf8')) as { pid: number }
      process.kill(claim.pid, 'SIGKILL')
      await killMarked(session, attempt)
      await until(`${claim.pid} has left the table`, () => !existsSync(`/proc/${claim.pid}`))
    },
  }
})
