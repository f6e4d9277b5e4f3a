import { RemoteError } from '../../core/contract/errors.ts'

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

/** Waits for a call of the AWS SDK. What can succeed later is thrown as `unavailable`; the rest as it is, for the caller to know or as a bug. */
export const asked = async <T>(what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof Error) || !isPassing(error)) throw error
    throw new RemoteError('unavailable', `${what} does not take the call now (${error.name})`, {
      hint: 'try again in a moment',
      cause: error,
    })
  }
}

/** The SDK's name of an error, as AWS documents it; undefined for anything else that was thrown. */
export const awsName = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined)
