import { CROCKFORD } from '../contract/id-patterns.ts'

const CHARACTERS = 10

/** An id from random bytes, of which the first ten are used: 256 is a multiple of 32, so every character is as likely as any other. */
export const sessionIdFrom = (random: Uint8Array): string =>
  `s-${Array.from(random.subarray(0, CHARACTERS), (byte) => CROCKFORD[byte % CROCKFORD.length]).join('')}`
