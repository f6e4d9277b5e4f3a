import type { Outcome, Usage } from '../core/contract/outcome.ts'
import type { BeatAnswer, RunSpec } from '../core/contract/runner.ts'

export type End = {
  why: Outcome
  /** How long the agent may take to end by itself. */
  graceMs: number
  /** The control plane does not want to hear of this attempt any more: no result, no report. */
  fenced: boolean
  /** The machine is taken away: what there is goes with the report, and the session goes on without it or ends. */
  leaving: boolean
}

/** Somebody asked: the agent may finish what it is writing. */
const ASKED_GRACE_MS = 10_000
/** A clock or a budget decided, which is hard: with the kill after it, everything is gone within 5 s. */
const HARD_GRACE_MS = 3000
const DEFAULT_IDLE_SECONDS = 1800
/** Longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1

const inWords = (seconds: number) =>
  seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`

const after = (ms: number, then: () => void) => {
  const until = performance.now() + ms
  let timer: NodeJS.Timeout
  const arm = () => {
    const left = until - performance.now()
    timer = left > MAX_TIMER_MS ? setTimeout(arm, MAX_TIMER_MS) : setTimeout(then, Math.max(0, left))
  }
  arm()
  return () => clearTimeout(timer)
}

/** What can end a session from outside its agent. The first one decides why; a later one can only make it faster. */
export const openEnds = (spec: Pick<RunSpec, 'ttlSeconds' | 'idleSeconds' | 'maxCostUsd' | 'usage'>) => {
  const decided = Promise.withResolvers<End>()
  const hurried = Promise.withResolvers<void>()
  let ended = false
  let stopIdle: (() => void) | undefined

  const end = (why: Outcome, graceMs: number, { fenced = false, leaving = false } = {}) => {
    if (graceMs === 0) hurried.resolve()
    if (ended) return
    ended = true
    decided.resolve({ why, graceMs, fenced, leaving })
  }

  const endWhenIdle = (what: string) => {
    const seconds = spec.idleSeconds ?? DEFAULT_IDLE_SECONDS
    const why: Outcome = { outcome: 'expired', code: 'idle', reason: `${what} for ${inWords(seconds)} (idle).` }
    return after(seconds * 1000, () => end(why, HARD_GRACE_MS))
  }

  const stopTtl =
    spec.ttlSeconds === null
      ? () => undefined
      : after(spec.ttlSeconds * 1000, () =>
          end({ outcome: 'expired', code: 'ttl', reason: `The session's time was up (ttl).` }, HARD_GRACE_MS),
        )

  return {
    /** Resolves with the first end. */
    decided: decided.promise,
    /** Resolves when there is no time for grace (any more). */
    hurried: hurried.promise,
    isDecided: () => ended,
    onAnswer: ({ stop, budgetLeftUsd }: Pick<BeatAnswer, 'stop' | 'budgetLeftUsd'>) => {
      if (stop) end(stop.why, stop.how === 'now' ? 0 : ASKED_GRACE_MS)
      if (budgetLeftUsd !== null && budgetLeftUsd <= 0)
        end({ outcome: 'over_budget', code: 'max_cost', reason: 'The session used up its budget (--max-cost).' }, HARD_GRACE_MS)
    },
    onUsage: (usage: Usage) => {
      if (spec.maxCostUsd === null || usage.costUsd - spec.usage.costUsd < spec.maxCostUsd) return
      const reason = `The agent's tokens used up the session's budget (--max-cost): $${usage.costUsd.toFixed(2)} so far.`
      end({ outcome: 'over_budget', code: 'max_cost', reason }, HARD_GRACE_MS)
    },
    /** The session waits for somebody from now on, or does not wait any more. */
    setIdle: (idle: boolean) => {
      stopIdle?.()
      stopIdle = idle ? endWhenIdle('Nobody answered the waiting session') : undefined
    },
    /** Something was typed or printed at a terminal. */
    onActivity: () => {
      stopIdle?.()
      stopIdle = endWhenIdle('Nothing was typed or printed')
    },
    /** The runner itself cannot go on. */
    onFailure: (code: string, reason: string) => end({ outcome: 'failed', code, reason }, HARD_GRACE_MS),
    onFenced: () =>
      end({ outcome: 'lost', code: 'fenced', reason: 'This attempt was given up by the control plane.' }, 0, { fenced: true }),
    onLeaving: (why: string) => end({ outcome: 'lost', code: 'machine_lost', reason: why }, HARD_GRACE_MS, { leaving: true }),
    close: () => {
      stopTtl()
      stopIdle?.()
    },
  }
}
