import { afterAll, beforeAll, describe } from 'vitest'
import { openLocalPlace } from './local-place.ts'
import { logScenarios } from './log-scenarios.ts'
import type { Place } from './place.ts'

describe('the log on this computer', { timeout: 600_000 }, () => {
  let here: Place
  beforeAll(async () => {
    here = await openLocalPlace({ env: { REMOTE_SANDBOX: 'off' } })
  })
  afterAll(() => here?.close())
  logScenarios(() => here)
})
