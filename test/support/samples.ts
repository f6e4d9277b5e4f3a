import { Dispatch, type DispatchInput } from '../../core/contract/dispatch.ts'
import { CROCKFORD } from '../../core/contract/id-patterns.ts'
import type { Session } from '../../core/contract/session.ts'
import { newSession } from '../../core/domain/new-session.ts'

export const NOON = Date.parse('2026-11-20T12:00:00.000Z')

/** The n-th session id, all of them different. */
export const sessionId = (n: number): string => {
  let rest = n
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = `${CROCKFORD[rest % 32]}${text}`
    rest = Math.floor(rest / 32)
  }
  return `s-${text}`
}

export const aDispatch = (more: Partial<DispatchInput> = {}): Dispatch =>
  Dispatch.parse({ task: 'echo hi', agent: 'shell', ...more })

export const aSession = (n: number, more: Partial<DispatchInput> = {}): Session => {
  const { credentials: _, ...request } = aDispatch(more)
  return newSession(sessionId(n), request, 'ada', NOON)
}

export const commit = (n: number) => n.toString(16).padStart(40, '0')
export const sha256 = (n: number) => n.toString(16).padStart(64, '0')
