import * as z from 'zod'
import { SessionId } from '../../core/contract/ids.ts'
import type { Session } from '../../core/contract/session.ts'
import { applyFact } from '../../core/lifecycle/apply-fact.ts'
import { due } from '../../core/lifecycle/due.ts'
import { nextMove, overdue } from '../../core/lifecycle/next-move.ts'
import type { StepName } from '../../core/lifecycle/plan.ts'
import { runStep } from '../../core/lifecycle/run-step.ts'
import type { Ports } from '../../core/ports/ports.ts'
import { storedSession } from '../../core/usecases/stored-session.ts'
import type { Answer } from './callbacks.ts'
import type { WaitStore } from './dynamo-wait-store.ts'
import type { wakeWaiting } from './wake-waiting.ts'

/** What the state machine calls with. `failed`: a call that could not even answer, after all its retries. */
export const StepEvent = z.object({
  session: SessionId,
  step: z.enum(['place', 'launch', 'find', 'release', 'listen', 'look']),
  /** Of `listen`: which state waits, with which token, for how long. */
  wait: z.object({ for: z.enum(['Boot', 'Run', 'Turn']), token: z.string(), seconds: z.number() }).optional(),
  failed: z.object({ step: z.enum(['place', 'launch']), error: z.string() }).optional(),
})
export type StepEvent = z.infer<typeof StepEvent>

export type Stepping = {
  ports: Pick<Ports, 'sessions' | 'doorbell' | 'clock' | 'compute' | 'segments' | 'workspaces' | 'secrets'>
  waits: WaitStore
  wake: ReturnType<typeof wakeWaiting>
  bootSeconds: number
}

/** One state of the state machine: does what is due and answers where to go on. Every call may be repeated. */
export const takeStep = ({ ports, waits, wake, bootSeconds }: Stepping) => {
  const { clock } = ports
  const stored = storedSession(ports)
  const apply = applyFact(ports)
  const run = runStep(ports, (error, session, step) => console.error(session, step, error))

  const does = async (step: StepName, session: Session): Promise<Session> => apply(session.id, await run(step, session))

  /** A call whose turn it is not any more is left out: the record has moved on. */
  const isDue = (step: StepName, session: Session) => {
    if (step === 'find') return session.state === 'running' || session.state === 'booting'
    return due(session, 0, bootSeconds)?.step === step
  }

  const listen = async (id: string, { seconds, ...wait }: NonNullable<StepEvent['wait']>) => {
    await waits.put(id, { ...wait, until: clock.now() + seconds * 1000 })
    await wake(id) // a fact may have come before
  }

  const giveUp = (session: Session, { step, error }: NonNullable<StepEvent['failed']>) =>
    apply(session.id, { type: 'step-failed', step, code: 'unavailable', reason: `could not ${step}: ${error}`, retryable: false })

  return async ({ session: id, step, wait, failed }: StepEvent): Promise<Answer> => {
    if (wait) await listen(id, wait)
    let session = await stored(id)
    if (failed) session = await giveUp(session, failed)
    if (step !== 'look' && step !== 'listen' && isDue(step, session)) session = await does(step, session)
    const clockEnd = overdue(session, clock.now(), bootSeconds)
    if (clockEnd && !wait) session = await does(clockEnd, session)
    return { session: id, ...nextMove(session, clock.now(), bootSeconds) }
  }
}
