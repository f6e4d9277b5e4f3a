import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { agentScenarios } from '../scenarios/agent-scenarios.ts'
import { commandScenarios } from '../scenarios/command-scenarios.ts'
import { crashScenarios } from '../scenarios/crash-scenarios.ts'
import { endScenarios, fullDiskScenarios } from '../scenarios/end-scenarios.ts'
import { logScenarios } from '../scenarios/log-scenarios.ts'
import { refusalScenarios } from '../scenarios/refusal-scenarios.ts'
import { secretScenarios } from '../scenarios/secret-scenarios.ts'
import { openCloudPlace } from './cloud-place.ts'
import { until } from './until.ts'

let here: Awaited<ReturnType<typeof openCloudPlace>>
beforeAll(async () => {
  here = await openCloudPlace()
})
afterAll(() => here?.close())
const place = () => here

/** Of about forty that a runner passes there: one each while it claims, prepares, runs and brings home. */
const POINTS = [6, 14, 22, 30]

/** The same as in test/scenarios/places.test.ts, which is this computer. */
describe('a session in the cloud', { concurrent: true, timeout: 600_000 }, () => {
  commandScenarios(place)
  agentScenarios(place)
  endScenarios(place)
  fullDiskScenarios(place)
  secretScenarios(place)
  refusalScenarios(place)
  crashScenarios(place, POINTS)
})
describe('its log', { timeout: 600_000 }, () => logScenarios(place))

it('no lifecycle failed, nothing is left, and nobody needed a permission that the stacks do not give', async () => {
  const { control } = here.rehearsal.cloud
  await until(
    'all machines are gone and all lifecycles over',
    async () =>
      (await control.instances()).every(({ state }) => state === 'terminated') &&
      (await control.executions()).every(({ status }) => status !== 'RUNNING')
        ? true
        : undefined,
    180_000,
  )
  expect((await control.executions()).filter(({ status }) => status !== 'SUCCEEDED')).toEqual([])
  expect(await control.denials()).toEqual([])
  const { sessions } = (await here.api<{ sessions: Session[] }>('GET', '/sessions?all=1&limit=500')).body
  expect(sessions.length).toBeGreaterThan(20)
  for (const { by, cost, state } of sessions)
    expect({ by, state, cost }).toMatchObject({ by: 'ada', state: 'ended', cost: { computeUsd: expect.any(Number) } })
  expect(sessions.filter(({ cost }) => cost.computeUsd === 0)).toEqual([])
}, 200_000)
