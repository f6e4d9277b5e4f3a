import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** The shortest that the stack takes; most of this file's time is this wait, which goes on beside the others. */
const BOOT_SECONDS = '60'
const PATIENCE_MS = 170_000

/** One whose machines boot, and one where EC2 says that they run and nothing ever does. */
let rehearsal: Rehearsal
let silent: Rehearsal
let neverHello: ReturnType<Rehearsal['cli']>
const shell = (on: Rehearsal, ...args: string[]) => on.cli(['dispatch', '--agent', 'shell', '--no-repo', ...args])
const sessions = async (on: Rehearsal): Promise<Session[]> =>
  (JSON.parse((await on.cli(['status', '--all', '--json'])).out) as { sessions: Session[] }).sessions

beforeAll(async () => {
  silent = await openRehearsalInUse({ machines: false, settings: { bootSeconds: BOOT_SECONDS } })
  neverHello = shell(silent, 'echo never')
  rehearsal = await openRehearsalInUse()
})
afterAll(async () => {
  await silent?.close()
  await rehearsal?.close()
})

it('a boot that fails is told to whoever waits for it, with the journal in its timeline, and the machine is gone', async () => {
  const { control } = rehearsal.cloud
  await control.fault({ code: 'AccessDenied', service: 's3', action: 'GetObject' })
  const { code, stderr } = await shell(rehearsal, 'echo never')
  await control.clearFaults()
  expect(code, stderr).toBe(122)
  expect(stderr).toContain('the machine could not start: the runner could not be downloaded')
  const [session] = await sessions(rehearsal)
  const told = await rehearsal.cli(['explain', session?.id ?? '', '--timeline', '--json'])
  expect(told.out).toContain('is for session')
  expect(told.out).toMatch(/systemd|cloud-init/)
  expect(told.out).not.toMatch(/X-Amz-Signature=[0-9a-f]{8}/)
  expect((await control.instances()).map(({ state }) => state)).toEqual(['terminated'])
})

it('a boot that never says hello is given up: the user is told why, and the machine is ended', async () => {
  const { code, stderr } = await neverHello
  expect(code, stderr).toBe(122)
  expect(stderr).toContain('lost: ')
  const { control } = silent.cloud
  const [machine] = await control.instances()
  expect(machine).toMatchObject({
    state: expect.stringMatching(/shutting-down|terminated/),
    reason: expect.stringContaining('UserInitiated'),
  })
  const [session] = await sessions(silent)
  expect(session).toMatchObject({ state: 'ended', outcome: { outcome: 'lost' } })
  await until(
    'its lifecycle is over',
    async () => ((await control.executions())[0]?.status === 'SUCCEEDED' ? true : undefined),
    PATIENCE_MS,
  )
})
