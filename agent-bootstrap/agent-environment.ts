import type { RunSpec } from '../core/contract/runner.ts'
import { MARKER } from './process-tree.ts'

const FALLBACK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * What the agent and its commands see: the environment captured at dispatch, not the runner's own (a daemon's, from whenever
 * it was started), the session's secrets, and the marker by which its processes are found.
 */
export const agentEnvironment = (spec: RunSpec): Record<string, string> => ({
  PATH: process.env['PATH'] ?? FALLBACK_PATH,
  HOME: process.env['HOME'] ?? '/',
  ...spec.request.env,
  ...spec.secrets,
  [MARKER]: spec.session,
  REMOTE_ATTEMPT: String(spec.attempt),
})
