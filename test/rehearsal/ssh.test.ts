import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 120_000

let rehearsal: Rehearsal
let session: Session

beforeAll(async () => {
  rehearsal = await openRehearsal()
  const used = await rehearsal.cli(['cloud', 'use'])
  expect(used.code, used.stderr).toBe(0)
  session = await running('echo begun; while :; do sleep 1; done')
}, 600_000)
afterAll(() => rehearsal?.close())

const record = async (id: string): Promise<Session> => {
  const { out, stderr } = await rehearsal.cli(['status', '--all', '--json'])
  const found = (JSON.parse(out) as { sessions: Session[] }).sessions.find((one) => one.id === id)
  if (!found) throw new Error(`${id} is not listed: ${stderr}`)
  return found
}
const running = async (task: string): Promise<Session> => {
  const shell = ['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--detach', '--quiet', task]
  const { code, out, stderr } = await rehearsal.cli(shell)
  expect(code, stderr).toBe(0)
  return until(
    'it runs',
    async () => {
      const found = await record(out.trim())
      return found.state === 'running' ? found : undefined
    },
    PATIENCE_MS,
  )
}

describe('ssh', () => {
  it('runs a command as the agent on the machine, with its output and exit code', async () => {
    const { code, out, stderr } = await rehearsal.cli(['ssh', session.id, '--', 'id -un; echo err >&2; exit 7'])
    expect([code, out], stderr + rehearsal.cloud.log()).toEqual([7, 'agent\n'])
    expect(stderr).toBe('err\n')
  })
})
