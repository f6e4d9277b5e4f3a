import { RemoteError } from '../../core/contract/remote-error.ts'

const hasCode = (error: unknown, ...codes: string[]) =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))
/** Nobody listens: ended, crashed or being replaced. */
export const isAbsent = (error: unknown) => hasCode(error, 'ENOENT', 'ECONNREFUSED')
const AWAY = ['ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']
export const isGone = (error: unknown) => isAbsent(error) || hasCode(error, ...AWAY)
/** The other side said so, or nobody said anything in time. */
export const canComeBack = (error: unknown) => error instanceof RemoteError && ['unavailable', 'timeout'].includes(error.code)
