import * as z from 'zod'
import { SECRET_NAME, SESSION_ID, SHA256, WORKSPACE_NAME } from './id-patterns.ts'

/** `s-` and 10 random Crockford characters (50 bits). */
export const SessionId = z.string().regex(SESSION_ID)
export type SessionId = z.infer<typeof SessionId>

export const WorkspaceName = z.string().regex(WORKSPACE_NAME)
export const SecretName = z.string().regex(SECRET_NAME)
export const Sha256 = z.string().regex(SHA256)
/** A commit or tree of git, SHA-1 or SHA-256. */
export const ObjectId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)

/** A place in a session's log: attempt (from 1), then seq (from 1, without holes). `{attempt: 1, seq: 0}` is the start. */
export const Position = z.object({ attempt: z.int().min(1), seq: z.int().min(0) })
export type Position = z.infer<typeof Position>
