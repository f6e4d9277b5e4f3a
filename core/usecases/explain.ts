import type { Explanation, Session } from '../contract/session.ts'
import { explanation } from '../domain/explanation.ts'
import { isCheckoutOnlyCopy } from '../domain/only-copy.ts'
import { runningMachine } from '../domain/running-machine.ts'
import type { Ports } from '../ports/ports.ts'
import { sessionOf } from './session-of.ts'

/** More could not be told in a sentence. */
const MOST_LOOKED_AT = 200

const onTheSameMachine = async ({ sessions }: Pick<Ports, 'sessions'>, session: Session): Promise<string[]> => {
  const machine = runningMachine(session)
  if (machine === undefined) return []
  const { sessions: active } = await sessions.list({ active: true, limit: MOST_LOOKED_AT })
  return active.filter((other) => other.id !== session.id && runningMachine(other) === machine).map(({ id }) => id)
}

/** Why a session is (not) running, waiting or stopping, and what can be done about it. */
export const explain =
  (ports: Pick<Ports, 'sessions' | 'clock' | 'compute'>) =>
  async (prefix: string): Promise<Explanation> => {
    const session = await sessionOf(ports)(prefix)
    const checkout =
      session.state === 'ended' && isCheckoutOnlyCopy(session) ? await ports.compute.checkout?.(session.id) : undefined
    return explanation(session, ports.clock.now(), { others: await onTheSameMachine(ports, session), checkout })
  }
