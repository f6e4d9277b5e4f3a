import type { Neighbours, Work } from '../contract/runner.ts'

/**
 * One attempt's part in a machine. `live`: its runner is there, or on its way. `over`: its runner has said all, and ends. `ending`: it is
 * to be ended by the runner of another. `parted`: nothing of it runs.
 */
export type Part = Work & { state: 'live' | 'over' | 'ending' | 'parted'; hasJoined: boolean; ttlSeconds: number | null }
/** Who works on a machine, the longest there first. `closed`: it is going, and takes nobody any more; that never changes back. */
export type SharedMachine = { parts: readonly Part[]; closed: boolean }

const isSame = (a: Work, b: Work) => a.session === b.session && a.attempt === b.attempt
const isLive = ({ state }: Part) => state === 'live'
const partOf = ({ parts }: SharedMachine, work: Work) => parts.find((part) => isSame(part, work))

/** A machine on which no runner is left to start another powers itself off: whoever came then would be lost with it. */
const closedWhenLeft = (parts: readonly Part[], closed: boolean): SharedMachine => ({
  parts,
  closed: closed || !parts.some(isLive),
})
const withState = ({ parts, closed }: SharedMachine, work: Work, state: Part['state']): SharedMachine =>
  closedWhenLeft(
    parts.map((part) => (isSame(part, work) ? { ...part, state } : part)),
    closed,
  )

export const launchedFor = ({ session, attempt }: Work): SharedMachine => ({
  parts: [{ session, attempt, state: 'live', hasJoined: false, ttlSeconds: null }],
  closed: false,
})

/** `going`: another machine is needed. `over`: the attempt was ended before. */
export const join = (machine: SharedMachine, work: Work & { ttlSeconds: number | null }): SharedMachine | 'going' | 'over' => {
  const known = partOf(machine, work)
  if (known) return isLive(known) ? machine : 'over'
  if (machine.closed) return 'going'
  const { session, attempt, ttlSeconds } = work
  return { ...machine, parts: [...machine.parts, { session, attempt, ttlSeconds, state: 'live', hasJoined: true }] }
}

/** Its runner has nothing more to say. */
export const finish = (machine: SharedMachine, work: Work): SharedMachine => {
  const known = partOf(machine, work)
  return known?.state === 'live' || known?.state === 'ending' ? withState(machine, work, 'over') : machine
}

/** The runner of another has ended those. */
export const confirm = (machine: SharedMachine, ended: readonly Work[]): SharedMachine =>
  ended.reduce((now, work) => (partOf(now, work)?.state === 'ending' ? withState(now, work, 'parted') : now), machine)

/**
 * The attempt must not go on. `last`: the machine is to be terminated. `parted`: nothing of it runs, and others go on. `ending`: others
 * are there, and one of their runners has to end it first.
 */
export const part = (machine: SharedMachine, work: Work): { machine: SharedMachine; next: 'last' | 'parted' | 'ending' } => {
  const known = partOf(machine, work)
  // Should it still be about to come, it comes too late.
  if (!known) {
    const never: Part = { session: work.session, attempt: work.attempt, state: 'parted', hasJoined: true, ttlSeconds: null }
    return { machine: { ...machine, parts: [...machine.parts, never] }, next: machine.closed ? 'last' : 'parted' }
  }
  const runs = known.state === 'live' || known.state === 'ending'
  const others = machine.parts.some((other) => isLive(other) && !isSame(other, work))
  if (runs && others && !machine.closed) return { machine: withState(machine, work, 'ending'), next: 'ending' }
  const parted = withState(machine, work, 'parted')
  return { machine: parted, next: parted.closed ? 'last' : 'parted' }
}

export const close = (machine: SharedMachine): SharedMachine => (machine.closed ? machine : { ...machine, closed: true })

/** Who is left, the longest there first. */
export const liveOn = ({ parts, closed }: SharedMachine): Work[] =>
  closed ? [] : parts.filter(isLive).map(({ session, attempt }) => ({ session, attempt }))

/** What every runner of the machine sees to; undefined when it has always been one session's alone. */
export const neighboursOf = ({ parts }: SharedMachine): Neighbours | undefined => {
  if (parts.length < 2) return undefined
  const joined = parts.filter((one) => isLive(one) && one.hasJoined)
  return {
    start: joined.map(({ session, attempt, ttlSeconds }) => ({ session, attempt, ttlSeconds })),
    end: parts.filter(({ state }) => state === 'ending').map(({ session, attempt }) => ({ session, attempt })),
  }
}
