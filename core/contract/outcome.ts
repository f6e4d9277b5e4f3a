import * as z from 'zod'

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

/** Tokens and money an agent reported, since the session's start (all attempts), not since the process's. */
export const Usage = z.object({
  inputTokens: z.number().min(0),
  outputTokens: z.number().min(0),
  costUsd: z.number().min(0),
})
export type Usage = z.infer<typeof Usage>

/** What a session brings home: commits `base..commit` on `branch`, in the bundle of that SHA-256 (none when nothing changed). */
export const Result = z.object({
  branch: z.string().max(256),
  base: z.string(),
  commit: z.string(),
  bundle: z.string().optional(),
  files: z.int().min(0),
  insertions: z.int().min(0),
  deletions: z.int().min(0),
})
export type Result = z.infer<typeof Result>
