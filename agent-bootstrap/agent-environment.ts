import type { RunSpec } from '../core/contract/runner.ts'
import { ownPath } from './own-programs.ts'
import { MARKER } from './process-tree.ts'

/**
 * What the agent and its commands see: the environment captured at dispatch, not the runner's own (a daemon's, from whenever
 * it was started), the session's secrets, and the marker by which its processes are found.
 */
export const agentEnvironment = (spec: RunSpec): Record<string, string> => ({
  PATH: ownPath(),
  HOME: process.env['HOME'] ?? '/',
  ...spec.request.env,
  ...spec.secrets,
  [MARKER]: spec.session,
  REMOTE_ATTEMPT: String(spec.attempt),
})
