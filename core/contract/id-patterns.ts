// Apart from the schemas, for programs that only recognize an id.

/** Crockford's alphabet: no i, l, o, u, so an id can be read aloud. */
export const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

/** Of machines that become images: they have no session, and may ask for the runner alone. */
export const NO_SESSION = 's-0000000000'

export const SESSION_ID = /^s-[0-9a-hjkmnp-tv-z]{10}$/
/** What a person types for a session: `7k3`, `s-7k3` or the whole id. */
export const SESSION_PREFIX = /^(s-)?[0-9a-hjkmnp-tv-z]{1,10}$/
export const WORKSPACE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
export const SHA256 = /^[0-9a-f]{64}$/
export const SNAPSHOT_ID = /^snap-[0-9a-z-]{1,60}$/
