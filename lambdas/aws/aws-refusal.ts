import { RemoteError } from '../../core/contract/remote-error.ts'

/** Answers of AWS after which the same call can succeed: it was too much at once, or something on their side was away. */
const PASSING = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceError',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingError',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
])
/** Our role may not: a policy of the organisation, a key of one's own, or a deployment that was changed by hand. */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'])
/** Of Node: the connection could not be made, or broke. */
const BROKEN = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND'])

const textOf = (error: object, key: string): string => {
  const value: unknown = Reflect.get(error, key)
  return typeof value === 'string' ? value : ''
}

/** Whether the same call can succeed later. Of a cancelled transaction its reasons decide. */
const isPassing = (error: object): boolean => {
  const reasons: unknown = Reflect.get(error, 'CancellationReasons')
  if (Array.isArray(reasons)) {
    const codes = reasons.map((reason: { Code?: string }) => reason.Code ?? 'None').filter((code) => code !== 'None')
    return (
      codes.length > 0 &&
      codes.every((code) => code === 'TransactionConflict' || PASSING.has(code) || PASSING.has(`${code}Exception`))
    )
  }
  const metadata: unknown = Reflect.get(error, '$metadata')
  const status: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined
  return PASSING.has(textOf(error, 'name')) || BROKEN.has(textOf(error, 'code')) || (typeof status === 'number' && status >= 500)
}

/** The action that AWS names; of its words nothing else, because resources have names of people's. */
const denied = (what: string, error: Error) =>
  new RemoteError('refused', `the control plane is denied ${/perform:? ([\w-]+:\w+)/.exec(error.message)?.[1] ?? what}`, {
    hint: 'see: remote cloud doctor; deploy the stack again: remote cloud deploy; or a policy of your organisation forbids it',
    cause: error,
  })

/**
 * Waits for a call of the AWS SDK. What can succeed later is thrown as `unavailable`, what is forbidden as `refused`; the rest as it is,
 * for the caller to know or as a bug.
 */
export const asked = async <T>(what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (DENIED.has(error.name)) throw denied(what, error)
    if (!isPassing(error)) throw error
    throw new RemoteError('unavailable', `${what} does not take the call now (${error.name})`, {
      hint: 'try again in a moment',
      cause: error,
    })
  }
}

/** The SDK's name of an error, as AWS documents it; undefined for anything else that was thrown. */
export const awsName = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined)
