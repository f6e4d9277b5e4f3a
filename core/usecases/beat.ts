import type { Beat, BeatAnswer, Neighbours } from '../contract/runner.ts'
import type { Session } from '../contract/session.ts'
import { applyFact } from '../lifecycle/apply-fact.ts'
import type { Ports } from '../ports/ports.ts'
import { fenced, refuseFenced } from './fenced.ts'
import { inboxGrown } from './session-messages.ts'
import { hideSecrets } from './session-secrets.ts'
import type { Settings } from './settings.ts'
import { storedSession } from './stored-session.ts'

type Needs = Pick<Ports, 'sessions' | 'inbox' | 'secrets' | 'doorbell' | 'clock' | 'lifecycle'>

const withoutSecrets = async (ports: Needs, session: Session, beat: Beat): Promise<Beat> => {
  const { waiting } = beat.flags
  if (!waiting?.what) return beat
  return { ...beat, flags: { waiting: { ...waiting, what: await hideSecrets(ports)(session, waiting.what) } } }
}

const answer = async (ports: Needs, session: Session, neighbours: Neighbours | undefined): Promise<BeatAnswer> => {
  const { inbox, doorbell } = ports
  // Not the record's number: an item counts from when it is stored, even if its sender crashed right then. It is noted all the same.
  const items = await inbox.after(session.id, session.inboxHandled)
  if ((items.at(-1)?.n ?? 0) > session.inboxLast) await applyFact(ports)(session.id, inboxGrown(items))
  const { maxCostUsd } = session.request
  const { stop } = session
  return {
    inboxLast: items.at(-1)?.n ?? session.inboxHandled,
    watch: await doorbell.watched(session.id),
    budgetLeftUsd: maxCostUsd === undefined ? null : Math.max(0, maxCostUsd - session.cost.totalUsd),
    ...(stop ? { stop: { how: stop.how, why: stop.why } } : {}),
    ...(neighbours && { neighbours }),
  }
}

/** Often enough that little can be stored meanwhile, seldom enough that looking costs little. */
const LOOK_MS = 300_000

const isLookedAt = ({ stored, attempts }: Session, now: number): boolean => {
  const last = stored?.at ?? attempts.find(({ greetedAt }) => greetedAt !== undefined)?.greetedAt
  return last !== undefined && now - Date.parse(last) >= LOOK_MS
}

/** The runner is alive, and tells how far it is. Throws `fenced` when it should not be. */
export const beat =
  (ports: Needs, { neighbours, stored }: Pick<Settings, 'neighbours' | 'stored'>) =>
  async (id: string, attempt: number, told: Beat): Promise<BeatAnswer> => {
    const before = await storedSession(ports)(id)
    refuseFenced(before, attempt)
    const [shown, found] = await Promise.all([
      withoutSecrets(ports, before, told),
      isLookedAt(before, ports.clock.now()) ? stored(id) : undefined,
    ])
    const fact = { type: 'beaten', attempt, beat: shown, stored: found } as const
    const session = await applyFact(ports)(id, fact, before)
    refuseFenced(session, attempt)
    if (session.state !== 'running') throw fenced(id, attempt)
    await ports.lifecycle.wake(id)
    return answer(ports, session, await neighbours(session, attempt, { ended: told.ended ?? [], over: false }))
  }
