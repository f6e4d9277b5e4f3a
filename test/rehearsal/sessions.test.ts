import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 120_000

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsal()
  const used = await rehearsal.cli(['cloud', 'use'])
  expect(used.code, used.stderr).toBe(0)
}, 300_000)
afterAll(() => rehearsal?.close())

const SHELL = ['dispatch', '--on', 'cloud', '--agent', 'shell']
const dispatched = async (...args: string[]): Promise<string> => {
  const { code, out, stderr } = await rehearsal.cli([...SHELL, '--detach', '--quiet', ...args])
  expect(code, stderr).toBe(0)
  return out.trim()
}
const record = async (id: string): Promise<Session> => {
  const { out, stderr } = await rehearsal.cli(['status', '--all', '--json'])
  const found = (JSON.parse(out) as { sessions: Session[] }).sessions.find((session) => session.id === id)
  if (!found) throw new Error(`${id} is not listed: ${stderr}`)
  return found
}
const reached = (id: string, state: Session['state']) =>
  until(
    `${id} is ${state}`,
    async () => {
      const session = await record(id)
      return session.state === state ? session : undefined
    },
    PATIENCE_MS,
  )
const running = async () =>
  (await rehearsal.cloud.control.instances()).filter(({ state }) => state === 'pending' || state === 'running')
const nothingRuns = () => until('nothing runs', async () => ((await running()).length === 0 ? true : undefined), PATIENCE_MS)
const execution = async (id: string) => (await rehearsal.cloud.control.executions()).find(({ name }) => name === id)
it('a command runs on a machine of its own: every byte of both streams, its exit code, and the machine is gone', async () => {
  const task = 'printf "\\000\\377out"; printf "err\\n" >&2; id -un >&2; exit 7'
  const { code, stdout, stderr } = await rehearsal.cli([...SHELL, '--no-repo', '--quiet', task])
  expect(code, stderr).toBe(7)
  expect(stdout).toEqual(Buffer.from([0, 255, ...Buffer.from('out')]))
  expect(stderr).toBe('err\nagent\n')
  const [session] = (JSON.parse((await rehearsal.cli(['status', '--all', '--json'])).out) as { sessions: Session[] }).sessions
  expect(session).toMatchObject({ state: 'ended', by: 'ada', outcome: { outcome: 'failed', exitCode: 7 } })
  expect(session?.cost.computeUsd).toBeGreaterThan(0)
  const walked = await until(
    'its execution is over',
    async () => {
      const found = await execution(session?.id ?? '')
      return found?.status === 'SUCCEEDED' ? found : undefined
    },
    PATIENCE_MS,
  )
  expect(walked.transitions).toBeLessThanOrEqual(12)
  await nothingRuns()
})

it('a session is left, found again, watched and ended', async () => {
  const id = await dispatched('--no-repo', 'echo begun; sleep 300')
  await reached(id, 'running')
  const watching = rehearsal.cli(['attach', id, '--quiet', '--from', '1.1'])
  const told = await rehearsal.cli(['terminate', id, '--wait'])
  expect(told.code, told.stderr).toBe(0)
  const seen = await watching
  expect(seen.out).toBe('begun\n')
  expect(seen.code).toBe(130)
  expect((await reached(id, 'ended')).outcome).toMatchObject({ outcome: 'terminated' })
  await nothingRuns()
})

it('a secret is read by the machine itself and seen nowhere', async () => {
  const secret = 'hunter2-hunter2-hunter2'
  const set = await rehearsal.cli(['secrets', 'set', 'TOKEN', '--on', 'cloud'], { stdin: secret })
  expect(set.code, set.stderr).toBe(0)
  const { code, out, stderr } = await rehearsal.cli([
    ...SHELL,
    '--no-repo',
    '--quiet',
    '--secret',
    'TOKEN',
    `echo "$TOKEN" \${#TOKEN}`,
  ])
  expect(code, stderr).toBe(0)
  expect(out).toContain(`${secret.length}`)
  expect(out).not.toContain(secret)
})
