import * as z from 'zod'
import { ARCHITECTURES } from './architectures.ts'
import { Dispatch } from './dispatch.ts'
import { Position, SessionId, Sha256 } from './ids.ts'
import { Outcome, Result, Usage } from './outcome.ts'

/** Bodies of the runner's calls, `POST /v1/runner/:session/:attempt/<call>`; see PROTOCOL in docs for when each is made. */

export const BundleRef = z.object({ sha256: z.string(), bytes: z.int(), url: z.string() })

/** A value that the runner reads itself, with its grant. `json`: an object of several, name → value. */
export const SecretRef = z.object({ name: z.string(), arn: z.string(), json: z.boolean().default(false) })

const Credentials = z.object({ accessKeyId: z.string(), secretAccessKey: z.string(), sessionToken: z.string() })

/** What a machine of one's own cloud account may do for one session, for at most an hour: read its secrets, write below its prefix. */
export const Grant = z.object({
  region: z.string(),
  /** Only where it is not AWS's own. */
  endpointUrl: z.string().optional(),
  credentials: Credentials,
  expiresAt: z.string(),
  bucket: z.string(),
  /** `sessions/<id>/` */
  prefix: z.string(),
  secrets: z.array(SecretRef),
  /** What the agent itself is handed, where it logs in by this account: it may invoke models, and nothing else. */
  agent: z.object({ credentials: Credentials, expiresAt: z.string() }).optional(),
})
export type Grant = z.infer<typeof Grant>

/** Answer of `renew`. */
export type Renewed = { secrets: Record<string, string>; grant?: Grant | undefined }

/** All a machine needs to know. Everything in it is for this attempt alone. */
export const RunSpec = z.object({
  session: SessionId,
  attempt: z.int().min(1),
  request: Dispatch.omit({ credentials: true }),
  approve: z.enum(['auto', 'ask', 'deny']),
  /** Bundles that together hold the snapshot, in the order in which they must be fetched. */
  bundles: z.array(BundleRef),
  /** The same for the files of the home directory. */
  homeBundles: z.array(BundleRef).optional(),
  /** Values to put into the agent's environment, and to redact. */
  secrets: z.record(z.string(), z.string()),
  /** Where the machine is given secrets and storage by its cloud: then `secrets` above holds none of those that `grant` names. */
  grant: Grant.optional(),
  /** `spool`: the spool is the segment store and nothing is uploaded. `upload`: segments go to `log/<attempt>/<first>` below the grant's prefix. */
  log: z.discriminatedUnion('kind', [z.object({ kind: z.literal('spool') }), z.object({ kind: z.literal('upload') })]),
  /** First free seq of this attempt: 1, or more when the runner was restarted on the same machine. */
  nextSeq: z.int().min(1),
  /** The attempt before this one, when its machine was lost: the runner opens its log with a `gap`. */
  previous: z.object({ attempt: z.int(), lastSeq: z.int(), why: z.string() }).optional(),
  /** What to continue from: the checkpoint of the attempt or session before. With `commit` its files instead of the snapshot's. */
  checkpoint: z
    .object({ commit: z.string().optional(), bundle: BundleRef.optional(), agentFiles: z.string().optional() })
    .optional(),
  /** Further attempts there would be, were this machine lost. */
  retriesLeft: z.int().min(0).optional(),
  /** The agent's own session to resume. */
  agentHandle: z.string().optional(),
  /** Usage before this attempt: what the runner reports is added to it. */
  usage: Usage,
  inboxAfter: z.int().min(0),
  /** Remaining; null when no such end applies. */
  ttlSeconds: z.number().nullable(),
  idleSeconds: z.number().nullable(),
  maxCostUsd: z.number().nullable(),
  /** Directory of a workspace, where the runtime mounts one. */
  workspace: z.string().optional(),
  branch: z.string(),
})
export type RunSpec = z.infer<typeof RunSpec>

export const Hello = z.object({
  runnerVersion: z.string().max(64),
  facts: z.record(z.string(), z.string()).default({}),
})

/** `GET …/bundle?arch=`: where a machine that has just booted finds the runner. */
export const RunnerBundle = z.object({ url: z.string(), sha256: z.string() })
export type RunnerBundle = z.infer<typeof RunnerBundle>
export const Architecture = z.enum(ARCHITECTURES)
export type Architecture = z.infer<typeof Architecture>

/** `POST …/boot-failed`: what the machine said until then, the reason in its first line. */
export const BootFailed = z.object({ text: z.string().max(32_768) })

export const Flags = z.object({
  waiting: z.object({ for: z.enum(['follow_up', 'permission', 'budget']), what: z.string().max(2000).optional() }).optional(),
})

const MOST_NEIGHBOURS = 64
/** An attempt on a machine. */
export const Work = z.object({ session: SessionId, attempt: z.int().min(1) })
export type Work = z.infer<typeof Work>

/**
 * What the machine's runners see to beside their own session: `start` those that came to share it, `end` those that must not go on.
 * Told until it is so. `ttlSeconds`: after which the machine needs no longer be there for it.
 */
export const Neighbours = z.object({
  start: z.array(Work.extend({ ttlSeconds: z.number().nullable() })).max(MOST_NEIGHBOURS),
  end: z.array(Work).max(MOST_NEIGHBOURS),
})
export type Neighbours = z.infer<typeof Neighbours>

export const Beat = z.object({
  position: Position,
  inboxHandled: z.int().min(0),
  flags: Flags.default({}),
  usage: Usage.optional(),
  agentHandle: z.string().max(512).optional(),
  peakMemoryBytes: z.number().min(0).optional(),
  /** Of those it was told to end, the ones of which nothing runs on this machine. */
  ended: z.array(Work).max(MOST_NEIGHBOURS).optional(),
})
export type Beat = z.infer<typeof Beat>

export const BeatAnswer = z.object({
  inboxLast: z.int().min(0),
  watch: z.boolean(),
  /** Left of --max-cost; null without one. */
  budgetLeftUsd: z.number().nullable(),
  stop: z.object({ how: z.enum(['graceful', 'now']), why: Outcome }).optional(),
  neighbours: Neighbours.optional(),
})
export type BeatAnswer = z.infer<typeof BeatAnswer>

export const Seal = z.object({
  first: z.int().min(1),
  last: z.int().min(0),
  sha256: Sha256.optional(),
  bytes: z.int().min(0).optional(),
  /** The last segment of this attempt. */
  final: z.boolean().default(false),
})
export type Seal = z.infer<typeof Seal>

/** Nothing else: whoever resumes the session is given an address of it. */
const AGENT_FILES = /^checkpoint\/[1-9]\d{0,3}\/agent\.tar\.gz$/

export const Done = z.object({
  outcome: Outcome,
  result: Result.optional(),
  usage: Usage.optional(),
  agentHandle: z.string().max(512).optional(),
  lastSeq: z.int().min(0),
  inboxHandled: z.int().min(0),
  peakMemoryBytes: z.number().min(0).optional(),
  /** The agent's own session files, where the machine does not stay: a key below the session's prefix. */
  agentFiles: z.string().regex(AGENT_FILES).optional(),
})
export type Done = z.infer<typeof Done>
/** What is left for the runner to do before it ends. */
export const DoneAnswer = z.object({ neighbours: Neighbours.optional() })
export type DoneAnswer = z.infer<typeof DoneAnswer>

/** The machine is being taken away, and this is what the attempt leaves. Its log is sealed before. */
export const Leaving = Done.omit({ outcome: true }).extend({
  why: z.string().max(500),
})
export type Leaving = z.infer<typeof Leaving>
