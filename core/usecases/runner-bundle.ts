import { NO_SESSION } from '../contract/id-patterns.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Architecture, RunnerBundle } from '../contract/runner.ts'
import type { Ports } from '../ports/ports.ts'
import { refuseFenced } from './fenced.ts'
import type { Settings } from './settings.ts'
import { storedSession } from './stored-session.ts'

/** Where the machine of an attempt finds its runner. Throws `fenced`, `not_recorded_yet`, and `not_found` for another architecture. */
export const runnerBundle =
  (ports: Pick<Ports, 'sessions'>, settings: Pick<Settings, 'runnerBundle'>) =>
  async (id: string, attempt: number, architecture: Architecture): Promise<RunnerBundle> => {
    if (id !== NO_SESSION) refuseFenced(await storedSession(ports)(id), attempt)
    const bundle = await settings.runnerBundle(architecture)
    if (bundle) return bundle
    throw new RemoteError('not_found', `there is no runner for ${architecture} here`, {
      hint: 'deploy the stack for it: remote cloud deploy',
    })
  }
