import type { Session } from '../../core/contract/session.ts'
import { TAGS } from './fleet-request.ts'

/** What is used of an instance. */
export type Seen = { id: string; launchedAt: number; tags: Readonly<Record<string, string>> }
export type Orphan = { id: string; session: string | undefined; why: string }

/** A machine with this tag is somebody's on purpose. */
export const KEEP_TAG = 'remote:keep'
/** A machine that becomes an image. */
export const BAKE_TAG = 'remote:bake'
/** The machine gives up by itself before that. */
const BAKE_MS = 45 * 60_000
/** Younger ones may be between their launch and its record. */
export const MIN_AGE_MS = 10 * 60_000
/** By then the lifecycle has ended a session whose time is over, and the machine itself has tried. */
const PAST_ITS_TIME_MS = 15 * 60_000

/**
 * Why a machine is nobody's; undefined when it is somebody's, or too young to tell. `session`: the record that its tags name, undefined
 * when there is none. Pure; a record that could not be read must never come here.
 */
export const orphanOf = ({ id, launchedAt, tags }: Seen, session: Session | undefined, now: number): Orphan | undefined => {
  if (KEEP_TAG in tags || now - launchedAt < MIN_AGE_MS) return undefined
  const name = tags[TAGS.session]
  const orphan = (why: string): Orphan => ({ id, session: name, why })
  if (BAKE_TAG in tags) return now - launchedAt < BAKE_MS ? undefined : orphan('it was to become an image, and that is long over')
  if (name === undefined) return orphan('it carries no session')
  if (!session) return orphan('there is no record of its session')
  if (session.state === 'ended') return orphan('its session has ended')
  const attempt = session.attempts.find(({ number }) => number === Number(tags[TAGS.attempt]))
  if (!attempt) return orphan('its session has no such attempt')
  if (attempt.endedAt !== undefined) return orphan('its attempt is over')
  if (attempt.machine !== undefined && attempt.machine !== id) return orphan('its attempt has another machine')
  const end = session.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(session.expiresAt)
  if (now - end >= PAST_ITS_TIME_MS) return orphan('its time is long over')
  return undefined
}

export type Sighting = { id: string; firstSeenAt: number }
/** A machine that looked orphaned in one sweep may have been caught in the middle of something; the next sweep is minutes later. */
const BETWEEN_SWEEPS_MS = 4 * 60_000

/** Which orphans were there in an earlier sweep too, and which are seen for the first time. */
export const twiceSeen = (orphans: readonly Orphan[], before: readonly Sighting[], now: number) => {
  const since = new Map(before.map(({ id, firstSeenAt }) => [id, firstSeenAt]))
  const isOld = ({ id }: Orphan) => now - (since.get(id) ?? now) >= BETWEEN_SWEEPS_MS
  return {
    kill: orphans.filter(isOld),
    sightings: orphans.map(({ id }): Sighting => ({ id, firstSeenAt: since.get(id) ?? now })),
  }
}
