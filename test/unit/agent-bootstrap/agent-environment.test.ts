import { userInfo } from 'node:os'
import { afterEach, expect, it, vi } from 'vitest'
import { agentEnvironment } from '../../../agent-bootstrap/agent-environment.ts'
import { runSpec } from '../../support/fake-control-plane.ts'

afterEach(() => vi.unstubAllEnvs())

it('a session that no login dispatched has the home of its user, where the user’s own files are', () => {
  vi.stubEnv('HOME', undefined)
  expect(agentEnvironment(runSpec({ request: { env: {} } })).HOME).toBe(userInfo().homedir)
})
