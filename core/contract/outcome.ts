import * as z from 'zod'
import { ObjectId, Sha256 } from './ids.ts'

export const OUTCOMES = ['succeeded', 'failed', 'terminated', 'expired', 'over_budget', 'lost', 'refused'] as const

/** How a session ended: the outcome, a stable code (`exit`, `end_turn`, `ttl`, `idle`, …) and the reason in words. */
export const Outcome = z.object({
  outcome: z.enum(OUTCOMES),
  code: z.string().max(64),
  reason: z.string().max(2000),
  /** Of a `shell` session's command. */
  exitCode: z.int().min(0).max(255).optional(),
  signal: z.string().max(16).optional(),
})
export type Outcome = z.infer<typeof Outcome>

/** Sums of what machines say must stay numbers. */
const MOST_TOKENS = 1e15
const MOST_USD = 1e6

/** Tokens and money an agent reported, since the session's start (all attempts), not since the process's. */
export const Usage = z.object({
  inputTokens: z.number().min(0).max(MOST_TOKENS),
  outputTokens: z.number().min(0).max(MOST_TOKENS),
  costUsd: z.number().min(0).max(MOST_USD),
})
export type Usage = z.infer<typeof Usage>

/**
 * What a session brings home: commits `base..commit` on `branch`, in the bundle of that SHA-256 (none when nothing changed). A machine says
 * so, and git on the user's computer is called with it: so these are ids and nothing else.
 */
export const Result = z.object({
  branch: z.string().regex(/^remote\/s-[0-9a-z]{10}$/),
  base: ObjectId,
  commit: ObjectId,
  bundle: Sha256.optional(),
  files: z.int().min(0),
  insertions: z.int().min(0),
  deletions: z.int().min(0),
})
export type Result = z.infer<typeof Result>
