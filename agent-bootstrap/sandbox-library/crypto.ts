import type * as crypto from 'node:crypto'

/** Loading it takes 6 ms, and what the library needs it for (its own proxies, other people's secrets) is not used here. */
export const randomBytes = (size: number): Buffer => (process.getBuiltinModule('node:crypto') as typeof crypto).randomBytes(size)
