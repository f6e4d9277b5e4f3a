/** code → HTTP status, CLI exit code, whether the same call can succeed later. The only such table. */
export const ERRORS = {
  bad_request: { status: 400, exit: 2, retryable: false },
  usage: { status: 400, exit: 2, retryable: false },
  not_found: { status: 404, exit: 3, retryable: false },
  ambiguous: { status: 409, exit: 3, retryable: false },
  conflict: { status: 409, exit: 4, retryable: false },
  held: { status: 409, exit: 4, retryable: true },
  fenced: { status: 409, exit: 4, retryable: false },
  not_recorded_yet: { status: 425, exit: 75, retryable: true },
  too_large: { status: 413, exit: 2, retryable: false },
  refused: { status: 422, exit: 5, retryable: false },
  over_budget: { status: 422, exit: 5, retryable: false },
  no_credentials: { status: 422, exit: 5, retryable: false },
  agent_missing: { status: 422, exit: 5, retryable: false },
  repository: { status: 422, exit: 6, retryable: false },
  not_supported: { status: 422, exit: 5, retryable: false },
  unavailable: { status: 503, exit: 75, retryable: true },
  corrupt: { status: 503, exit: 74, retryable: false },
  timeout: { status: 504, exit: 75, retryable: true },
  bug: { status: 500, exit: 70, retryable: false },
} as const satisfies Record<string, { status: number; exit: number; retryable: boolean }>
export type ErrorCode = keyof typeof ERRORS

/** A refusal: what happened, and in `hint` what to do next. Never a secret in either. */
export class RemoteError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** When the same call can be expected to succeed, in milliseconds since 1970: to wait until then is no failure. */
  readonly notBefore: number | undefined
  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string | undefined; cause?: unknown; notBefore?: number | undefined } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.hint = more.hint
    this.notBefore = more.notBefore
    // Step Functions matches on names, so the name says whether a retry can help.
    this.name = ERRORS[code].retryable ? 'Retryable' : 'Refused'
  }
}
