import { execFileSync, spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { listProcesses } from '../../../local/adapters/process-facts.ts'
import { killMarked, markerOf } from '../../../local/adapters/process-marker.ts'
import { NOBODY, runAsNobody } from '../../support/as-nobody.ts'

const AS_NOBODY = `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups`
const isRoot = process.getuid?.() === 0

// Only root can start a process that another user may not end.
it.runIf(isRoot && process.platform === 'linux')(
  'a process that changed its user keeps none of the others from being killed',
  async () => {
    const id = `s-eperm${process.pid}`
    const child = spawn('sh', ['-c', `sleep 600 & ${AS_NOBODY} sleep 601 & exec ${AS_NOBODY} sleep 602`], {
      env: { PATH: process.env['PATH'] ?? '', ...markerOf(id, 1) },
      stdio: 'ignore',
      detached: true,
    })
    const family = () => listProcesses().filter(({ alive, environment }) => alive && environment.includes(`REMOTE_SESSION=${id}`))
    try {
      const sleeping = () =>
        family().filter(({ pid }) => /sleep/.test(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' })))
      await expect.poll(() => sleeping().length, { timeout: 5000 }).toBe(3)
      runAsNobody('local/adapters/process-marker.ts', `await it.killMarked(${JSON.stringify(id)}, 1)`)
      expect(family()).toHaveLength(1)
    } finally {
      child.unref()
      await killMarked(id, 1)
    }
  },
  30_000,
)
