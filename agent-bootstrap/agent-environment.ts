import { homedir } from 'node:os'
import type { RunSpec } from '../core/contract/runner.ts'
import { ownPath } from './own-programs.ts'
import { MARKER } from './process-tree.ts'

/** A runner that nobody's login started (a timer, a service) finds it as its user's account has it. */
const home = (): string => {
  try {
    return homedir()
  } catch {
    return '/'
  }
}

/**
 * What the agent and its commands see: the environment captured at dispatch, not the runner's own (a daemon's, from whenever
 * it was started), the session's secrets, and the marker by which its processes are found.
 */
export const agentEnvironment = (spec: RunSpec): Record<string, string> => ({
  PATH: ownPath(),
  HOME: home(),
  ...spec.request.env,
  ...spec.secrets,
  [MARKER]: spec.session,
  REMOTE_ATTEMPT: String(spec.attempt),
})
