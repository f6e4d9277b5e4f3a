import * as z from 'zod'

/** Crockford's alphabet: no i, l, o, u, so an id can be read aloud. */
export const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

/** `s-` and 10 random Crockford characters (50 bits). */
export const SessionId = z.string().regex(/^s-[0-9a-hjkmnp-tv-z]{10}$/)
/** Of machines that become images: they have no session, and may ask for the runner alone. */
export const NO_SESSION = 's-0000000000'
export type SessionId = z.infer<typeof SessionId>

/** What a person types for a session: `7k3`, `s-7k3` or the whole id. */
export const SessionPrefix = z.string().regex(/^(s-)?[0-9a-hjkmnp-tv-z]{1,10}$/)

export const WorkspaceName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/)
export const SecretName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** A commit or tree of git, SHA-1 or SHA-256. */
export const ObjectId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)

/** A place in a session's log: attempt (from 1), then seq (from 1, without holes). `{attempt: 1, seq: 0}` is the start. */
export const Position = z.object({ attempt: z.int().min(1), seq: z.int().min(0) })
export type Position = z.infer<typeof Position>
