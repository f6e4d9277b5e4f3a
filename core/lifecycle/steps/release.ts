import type { Session } from '../../contract/session.ts'
import { isCheckoutOnlyCopy } from '../../domain/only-copy.ts'
import type { Ports } from '../../ports/ports.ts'
import { currentAttempt } from '../change.ts'
import type { Fact } from '../facts.ts'
import { handOn } from './hand-on.ts'

type Needs = Pick<Ports, 'compute' | 'segments' | 'workspaces' | 'secrets' | 'sessions' | 'doorbell' | 'clock'>

/** What outlives attempts. Last of all, so that a crash before leaves everything to the next try. */
const settle = async ({ compute, workspaces, secrets }: Pick<Ports, 'compute' | 'workspaces' | 'secrets'>, session: Session) => {
  const { workspace, repository } = session.request
  if (workspace !== undefined) await workspaces.release(workspace, session.id, { base: repository?.commit })
  await secrets.forget(session.id)
  await compute.clean(session.id, { keepCheckout: isCheckoutOnlyCopy(session) })
}

/** After every attempt, whatever happened: nothing runs any more, then the log is closed. All of it may be repeated. */
export const release =
  (ports: Needs) =>
  async (session: Session): Promise<Fact> => {
    const attempt = currentAttempt(session)
    let lastSeq = 0
    let handedOn: { to: string; at: string } | undefined
    if (attempt) {
      const { heirs } = await ports.compute.terminate(session.id, attempt.number)
      handedOn = await handOn(ports)(session.id, attempt, heirs)
      const why = attempt.lost ?? session.ending?.reason ?? 'the attempt ended'
      lastSeq = await ports.segments.sealWhereDurable(session.id, attempt.number, why)
    }
    const settled = session.ending !== undefined
    if (settled) await settle(ports, session)
    return { type: 'released', attempt: attempt?.number ?? 0, lastSeq, settled, handedOn }
  }
