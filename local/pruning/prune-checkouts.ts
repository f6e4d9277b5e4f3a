import { existsSync } from 'node:fs'
import type { Session } from '../../core/contract/session.ts'
import { isCheckoutOnlyCopy } from '../../core/domain/only-copy.ts'
import type { Compute } from '../../core/ports/compute.ts'
import type { SessionStore } from '../../core/ports/session-store.ts'
import { checkoutParts } from '../adapters/clean-session.ts'
import { entriesOf } from './entries-of.ts'
import { RETENTION } from './retention.ts'

const isDue = (session: Session, now: number): boolean => {
  if (session.state !== 'ended') return false
  const { endedAt } = session
  return !isCheckoutOnlyCopy(session) || (endedAt !== undefined && Date.parse(endedAt) < now - RETENTION.resultMs)
}

/** Removes the checkouts that are left of ended sessions: those that a release could not remove, and in time those that are the only copy. */
export const pruneCheckouts = async (
  { dir, sessions, compute }: { dir: string; sessions: Pick<SessionStore, 'get'>; compute: Pick<Compute, 'clean'> },
  now: number,
): Promise<number> => {
  let pruned = 0
  for (const { name, path } of await entriesOf(dir)) {
    if (!checkoutParts(path).some((part) => existsSync(part))) continue
    const session = await sessions.get(name)
    if (!session || !isDue(session, now)) continue
    await compute.clean(name, { keepCheckout: false })
    pruned += 1
  }
  return pruned
}
