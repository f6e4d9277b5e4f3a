import { afterAll, beforeAll, describe } from 'vitest'
import { agentScenarios } from './agent-scenarios.ts'
import { commandScenarios } from './command-scenarios.ts'
import { crashScenarios } from './crash-scenarios.ts'
import { endScenarios, fullDiskScenarios } from './end-scenarios.ts'
import { openLocalPlace } from './local-place.ts'
import type { Place } from './place.ts'
import { refusalScenarios } from './refusal-scenarios.ts'
import { secretScenarios } from './secret-scenarios.ts'

/** All points are gone through in runner-crashes.test.ts; these are for what crosses no place: claim, setup, log and result. */
const POINTS = [6, 14, 22]

const onThisComputer = (sandbox: 'on' | 'off', scenarios: (place: () => Place) => void) =>
  describe(`a session on this computer with its sandbox ${sandbox}`, { concurrent: true }, () => {
    let here: Place
    beforeAll(async () => {
      here = await openLocalPlace({ env: { REMOTE_SANDBOX: sandbox } })
    })
    afterAll(() => here?.close())
    commandScenarios(() => here)
    endScenarios(() => here)
    secretScenarios(() => here)
    scenarios(() => here)
  })

// The same as in test/rehearsal/places.test.ts, which is the cloud.
onThisComputer('on', (place) => {
  agentScenarios(place)
  refusalScenarios(place)
  fullDiskScenarios(place)
  crashScenarios(place, POINTS)
})
onThisComputer('off', () => undefined)
