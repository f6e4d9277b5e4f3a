import { ERRORS, RemoteError } from '../contract/remote-error.ts'
import type { RunSpec } from '../contract/runner.ts'
import type { Session } from '../contract/session.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { fenced, refuseFenced } from './fenced.ts'
import { runSpec } from './run-spec.ts'
import type { Settings } from './settings.ts'
import { storedSession } from './stored-session.ts'

type Greeting = { runnerVersion: string; facts?: Record<string, string> }

/** The runner of an attempt is there, for the first time or again: what it has to do. Throws `fenced` and `not_recorded_yet`. */
export const hello = (ports: Ports, settings: Settings) => {
  const specOf = runSpec(ports, settings)

  /** What can never be specified ends here, with the reason, instead of being taken for a lost machine again and again. */
  const specOrEnd = async (session: Session, attempt: number): Promise<RunSpec> => {
    try {
      return await specOf(session, attempt)
    } catch (error) {
      if (error instanceof RemoteError && !ERRORS[error.code].retryable) {
        const outcome = { outcome: 'refused' as const, code: error.code, reason: error.message }
        await applyFact(ports)(session.id, { type: 'finished', attempt, outcome, lastSeq: 0, inboxHandled: 0 })
        await ports.lifecycle.wake(session.id)
      }
      throw error
    }
  }

  return async (id: string, attempt: number, { runnerVersion, facts = {} }: Greeting): Promise<RunSpec> => {
    refuseFenced(await storedSession(ports)(id), attempt)
    const { sshAddress: address, sshHostKey: hostKey, sshUser: user } = facts
    const { SshServer } = await import('../contract/ssh.ts')
    const ssh = SshServer.safeParse({ address, hostKey, user }).data
    const session = await applyFact(ports)(id, { type: 'greeted', attempt, version: runnerVersion, ssh })
    await ports.lifecycle.wake(id)
    refuseFenced(session, attempt)
    if (session.state !== 'running') throw fenced(id, attempt)
    return specOrEnd(session, attempt)
  }
}
