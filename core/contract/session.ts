import * as z from 'zod'
import { Dispatch } from './dispatch.ts'
import { Position, SessionId } from './ids.ts'
import { Outcome, Result, Usage } from './outcome.ts'
import { SshServer } from './ssh.ts'

export const STATES = ['queued', 'placing', 'launching', 'booting', 'running', 'releasing', 'ended'] as const
export const SessionState = z.enum(STATES)
export type SessionState = z.infer<typeof SessionState>

/** ISO 8601 in UTC with milliseconds. */
const Time = z.string()
/** A day of UTC: `2026-11-21`. */
export const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** What was bought for an attempt, and at which price: the market's at launch for spot. */
export const Purchase = z.object({
  instance: z.string(),
  zone: z.string(),
  spot: z.boolean(),
  usdPerHour: z.number().min(0),
  diskGb: z.number().min(0),
  /** Of the workspace that it held, which pays for itself. */
  workspaceGb: z.number().min(0).optional(),
  /** Of its own disk and its address, at launch; absent: as in the built-in table. */
  usdPerGbMonth: z.number().min(0).optional(),
  usdPerAddressHour: z.number().min(0).optional(),
  /** Of when and where the price of the machine is. */
  priced: z.object({ asOf: Day, from: z.enum(['price list', 'spot market', 'estimate', 'built-in table']) }).optional(),
})
export type Purchase = z.infer<typeof Purchase>

/** One machine's try at a session. */
export const Attempt = z.object({
  number: z.int().min(1),
  /** The compute adapter's own name for the machine; absent until launched. */
  machine: z.string().optional(),
  purchase: Purchase.optional(),
  launchedAt: Time.optional(),
  greetedAt: Time.optional(),
  runnerVersion: z.string().optional(),
  /** Where its machine can be reached by ssh, through the cloud's endpoint. */
  ssh: SshServer.optional(),
  endedAt: Time.optional(),
  /** Position of the last durable event, once the attempt's log is sealed. */
  lastSeq: z.int().min(0).optional(),
  /** Why the machine was lost, when it was. */
  lost: z.string().optional(),
  /** A shared machine whose payer ended: who that was, since when this attempt pays instead, and since when there is the machine. */
  inherited: z.object({ from: SessionId, at: Time, launchedAt: Time }).optional(),
})
export type Attempt = z.infer<typeof Attempt>

/** What a session costs so far, or cost: the estimate while it runs, the receipt when it ended. US dollars. */
export const Cost = z.object({
  computeUsd: z.number(),
  volumeUsd: z.number(),
  addressUsd: z.number(),
  controlPlaneUsd: z.number(),
  agentUsd: z.number(),
  totalUsd: z.number(),
})
export type Cost = z.infer<typeof Cost>

export const DayAmount = z.object({ day: Day, microUsd: z.int() })
export type DayAmount = z.infer<typeof DayAmount>

export const WAITS = ['follow_up', 'permission', 'budget'] as const

export const Session = z.object({
  id: SessionId,
  /** First line of the task, shortened and redacted. */
  title: z.string(),
  /** The request without `credentials`; secret values in it are redacted. */
  request: Dispatch.omit({ credentials: true }),
  /** What of the request is not as it was typed, because that held a secret: `env.NAME`, `setup`, `agentCommand`, `cwd`. */
  hidden: z.array(z.string()).optional(),
  by: z.string(),
  createdAt: Time,
  state: SessionState,
  stateSince: Time,
  /** Grows by one with every change; a change names the version it was made from. */
  version: z.int().min(1),
  attempts: z.array(Attempt),
  retriesLeft: z.int().min(0),
  /** Last position the runner reported. */
  position: Position.optional(),
  /** Numbered inbox items so far, and the last one the runner acknowledged. */
  inboxLast: z.int().min(0),
  inboxHandled: z.int().min(0),
  heardAt: Time.optional(),
  waiting: z.object({ for: z.enum(WAITS), since: Time, what: z.string().optional() }).optional(),
  unreachable: z.object({ since: Time, checkedAt: Time.optional() }).optional(),
  /** The step of this state failed, or has to wait for its turn (no tries), and is tried again, not before the time given. Every move clears it. */
  trouble: z.object({ tries: z.int().min(0), code: z.string(), reason: z.string(), notBefore: Time }).optional(),
  /** Somebody asked for the end: once is graceful, twice is now. */
  stop: z.object({ how: z.enum(['graceful', 'now']), by: z.string(), at: Time, why: Outcome }).optional(),
  usage: Usage,
  /** Its machine says that its agent cost so many dollars more than any can have: they are not counted. */
  overstatedUsd: z.number().optional(),
  /** What lies below its prefix, where that is looked at. */
  stored: z.object({ bytes: z.number(), objects: z.int(), at: Time }).optional(),
  cost: Cost,
  /** Shares of the cost that days which are over had; the rest of it is of `costDay`, the day on which it last changed. */
  closedDays: z.array(z.object({ day: Day, cost: Cost })).optional(),
  costDay: Day.optional(),
  /** What of it the sums of days know already, in millionths of a dollar. */
  counted: z.array(DayAmount).optional(),
  peakMemoryBytes: z.number().optional(),
  /** How the agent can be resumed (its own session id), as the runner last reported it. */
  agentHandle: z.string().optional(),
  /** Why the next move is made: set when the run is over, copied to `outcome` when everything is released. */
  ending: Outcome.optional(),
  outcome: Outcome.optional(),
  result: Result.optional(),
  /** What the last attempt left that could tell, whether it ended or its machine was taken away; its commits are the `result`. */
  checkpoint: z.object({ attempt: z.int().min(1), agentFiles: z.string().optional() }).optional(),
  endedAt: Time.optional(),
  /** Ends that a clock decides, as absolute times. */
  expiresAt: Time.optional(),
})
export type Session = z.infer<typeof Session>

/** A change of a session, for people and audits; `hash` covers the entry and the hash before it. */
export const TimelineEntry = z.object({
  n: z.int().min(1),
  at: Time,
  by: z.string(),
  what: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
  hash: z.string(),
})
export type TimelineEntry = z.infer<typeof TimelineEntry>

export const SessionList = z.object({ sessions: z.array(Session), next: z.string().optional() })
export const Timeline = z.object({ entries: z.array(TimelineEntry), intact: z.boolean() })
export const Explanation = z.object({
  session: SessionId,
  /** Sentences, the most important first. */
  says: z.array(z.string()),
  /** What the reader can do next: commands. */
  next: z.array(z.string()),
})
export type Explanation = z.infer<typeof Explanation>
