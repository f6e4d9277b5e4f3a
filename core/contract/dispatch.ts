import * as z from 'zod'
import { ObjectId, SecretName, SessionId, Sha256, WorkspaceName } from './ids.ts'

/** `local`, `cloud`, `cloud:REGION`, `ssh:HOST`. */
export const Runtime = z.string().regex(/^(local|cloud(:[a-z0-9-]{1,32})?|ssh:[A-Za-z0-9._@-]{1,128})$/)
export const AgentName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)
export const Approve = z.enum(['auto', 'ask', 'deny'])
export type Approve = z.infer<typeof Approve>

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
/** ~1 MB of task is a file, not a task. */
export const MAX_TASK_CHARACTERS = 256_000

/** Where a session's files come from: a snapshot commit whose history the stored bundles hold. */
export const RepositorySource = z.object({
  /** Identifies one repository over its clones: SHA-256 of the first commit of its main line, and of where its history is cut. */
  id: Sha256,
  /** The snapshot: HEAD itself when the tree is clean, else a commit on top of HEAD. */
  commit: ObjectId,
  /** HEAD when the snapshot was taken; absent on an unborn branch. */
  head: ObjectId.optional(),
  /** Branch the user was on; absent when detached. */
  branch: z.string().max(1024).optional(),
  /** Name for people: the folder's name. */
  name: z.string().max(255),
  /** Commits at which history is cut (`.git/shallow`), so that the other side cuts it there too. */
  shallow: z.array(ObjectId).max(10_000).optional(),
  /** Ignore rules that are not in the tree (`.git/info/exclude`, the user's own), so that a session leaves out what the user does. */
  ignore: z.string().max(65_536).optional(),
})
export type RepositorySource = z.infer<typeof RepositorySource>

export const Setup = z.object({
  /** Shell commands, in order, run in the checkout before the agent starts. */
  commands: z.array(z.string().min(1).max(8192)).max(64),
  /** Files whose content decides whether the cached result of the commands still holds. */
  inputs: z.array(z.string().max(1024)).max(256).default([]),
})
export type Setup = z.infer<typeof Setup>

export const Dispatch = z.object({
  task: z.string().min(1).max(MAX_TASK_CHARACTERS),
  runtime: Runtime.default('local'),
  agent: AgentName.default('claude'),
  /** Another ACP agent: a command line that speaks ACP on stdio. */
  agentCommand: z.string().min(1).max(4096).optional(),
  repository: RepositorySource.optional(),
  /** Files for the home directory there, on a machine of the session's own: the user's dotfiles. */
  home: RepositorySource.optional(),
  /** Directory inside the repository to work in, `/`-separated, never leaving it. */
  cwd: z
    .string()
    .max(1024)
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))/)
    .optional(),
  setup: Setup.optional(),
  workspace: WorkspaceName.optional(),
  /** Which side wins when workspace and snapshot have diverged. */
  from: z.enum(['mine', 'workspace']).optional(),
  secrets: z.array(SecretName).max(64).default([]),
  /** Not secret: kept in the record. */
  env: z.record(EnvName, z.string().max(32_768)).default({}),
  /** Secret values of this session alone (the agent's own login found in the caller's environment). Never in a record. */
  credentials: z.record(EnvName, z.string().max(32_768)).default({}),
  approve: Approve.optional(),
  interactive: z.boolean().default(false),
  retries: z.int().min(0).max(10).optional(),
  ttlSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  idleSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  maxCostUsd: z.number().positive().max(100_000).optional(),
  /** The session whose machine it shares, beside it and with a checkout of its own. */
  with: SessionId.optional(),
  instance: z.string().max(64).optional(),
  spot: z.boolean().default(false),
  maxPriceUsd: z.number().positive().optional(),
  /** The ended session whose branch and agent memory this one continues. */
  resumes: SessionId.optional(),
  /** Local sessions only; by default on where the platform has a sandbox. */
  sandbox: z.enum(['on', 'off']).optional(),
})
/** As sent: defaults may be left out. */
export type DispatchInput = z.input<typeof Dispatch>
export type Dispatch = z.infer<typeof Dispatch>
