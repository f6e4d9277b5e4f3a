import { RemoteError } from '../../contract/remote-error.ts'
import type { Work } from '../../contract/runner.ts'
import type { Attempt } from '../../contract/session.ts'
import type { Ports } from '../../ports/ports.ts'
import { applyFact } from '../apply-fact.ts'
import { iso } from '../change.ts'

/**
 * The attempt of `session` paid for a machine that goes on with others: the first of `heirs` that is not ending pays from now on.
 * Answers who, and since when; undefined when nobody is left. May be repeated: what was handed on stays so.
 */
export const handOn =
  (ports: Pick<Ports, 'sessions' | 'doorbell' | 'clock'>) =>
  async (
    session: string,
    { purchase, launchedAt, inherited }: Attempt,
    heirs: readonly Work[],
  ): Promise<{ to: string; at: string } | undefined> => {
    if (!purchase || launchedAt === undefined || heirs.length === 0) return undefined
    const now = { from: session, at: iso(ports.clock.now()), launchedAt: inherited?.launchedAt ?? launchedAt, purchase }
    for (const { session: to, attempt } of heirs) {
      const heir = await applyFact(ports)(to, { type: 'machine-inherited', attempt, ...now })
      const at = heir.attempts.find(({ number }) => number === attempt)?.inherited?.at
      if (at !== undefined) return { to, at }
    }
    throw new RemoteError('unavailable', 'the sessions that share its machine are ending, too', { hint: 'it is tried again' })
  }
