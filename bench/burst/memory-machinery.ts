import type { TurnStore } from '../../lambdas/aws/dynamo-launch-pace.ts'
import type { LaunchRecord, LaunchStore } from '../../lambdas/aws/dynamo-launch-store.ts'
import type { MachineStore } from '../../lambdas/aws/dynamo-machine-store.ts'
import { LIMITS } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Launch records in memory. `crash` may end the function that calls, before or after the machine is recorded. */
export const memoryLaunches = (crash: (when: 'before' | 'after') => Promise<void>): LaunchStore => {
  const records = new Map<string, LaunchRecord>()
  const of = (session: string, attempt: number) => {
    const key = `${session} ${attempt}`
    const known = records.get(key) ?? { rounds: [], fenced: false, joining: [] }
    records.set(key, known)
    return known
  }
  const roundOf = (session: string, attempt: number, number: number) =>
    of(session, attempt).rounds.find(({ round }) => round.number === number)
  return {
    of: async (session, attempt) => structuredClone(of(session, attempt)),
    freeze: async (session, attempt, round) => {
      const known = roundOf(session, attempt, round.number)
      if (known) return known.round
      of(session, attempt).rounds.push({ round: structuredClone(round) })
      return round
    },
    launched: async (session, attempt, number, launched) => {
      await crash('before')
      Object.assign(roundOf(session, attempt, number) ?? {}, { launched })
      await crash('after')
    },
    failed: async (session, attempt, number, failed) => void Object.assign(roundOf(session, attempt, number) ?? {}, { failed }),
    joins: async () => false, // a burst is of machines that are bought
    fence: async (session, attempt) => void Object.assign(of(session, attempt), { fenced: true }),
  }
}

export const memoryMachines = (): MachineStore => ({
  assign: async () => undefined,
  join: async () => false,
  tend: async () => undefined,
  finish: async () => undefined,
  part: async () => ({ next: 'last', heirs: [] }),
  close: async () => undefined,
  noticed: async () => undefined,
  of: async () => undefined,
})

/** Turns as in the table, where one item takes so many writes a second. */
export const memoryTurns = (now: () => number): TurnStore => {
  const turns = new Map<string, number>()
  const writes = new TokenBucket(LIMITS.oneItem.size, LIMITS.oneItem.perSecond, now)
  let free = Number.NEGATIVE_INFINITY
  return {
    get: async (session, attempt) => turns.get(`${session} ${attempt}`),
    put: async (session, attempt, at) => void turns.set(`${session} ${attempt}`, at),
    take: async (floor, stepMs) => {
      if (!writes.take()) return undefined
      const at = Math.max(free, floor)
      free = at + stepMs
      return at
    },
  }
}
