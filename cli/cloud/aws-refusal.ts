import { RemoteError } from '../../core/contract/remote-error.ts'

export type Doing = {
  profile: string | undefined
  region: string | undefined
  /** The action that was asked for. */
  doing: string
  stack?: string | undefined
}

const withProfile = (profile: string | undefined) => (profile === undefined ? '' : ` --profile ${profile}`)
const login = (profile: string | undefined) => `log in again: aws sso login${withProfile(profile)}`

/** Whatever AWS says, without what could be of a credential. */
const saidBy = (error: Error) => error.message.split('\n')[0]?.slice(0, 300) ?? ''

export const ssoExpired = (profile: string | undefined, cause: unknown) =>
  new RemoteError('no_credentials', `the AWS login${profile ? ` of profile ${profile}` : ''} has expired`, {
    hint: login(profile),
    cause,
  })

export const clockSkew = (ours: number, theirs: number, cause?: unknown) => {
  const seconds = Math.round(Math.abs(ours - theirs) / 1000)
  const shown = seconds >= 120 ? `${Math.round(seconds / 60)} minutes` : `${seconds} s`
  return new RemoteError(
    'refused',
    `this computer's clock is ${shown} ${ours > theirs ? 'ahead of' : 'behind'} AWS's, which refuses that`,
    {
      hint: 'set the clock, for example: sudo timedatectl set-ntp true',
      cause,
    },
  )
}

/** The action that a refusal names, as IAM writes it. */
export const deniedAction = (text: string): string | undefined => /not authorized to perform:? ([\w-]+:\w+)/.exec(text)?.[1]

export const accessDenied = (action: string, on: string, cause?: unknown, first = '') =>
  new RemoteError('no_credentials', `your AWS identity may not use ${action}${on}`, {
    hint: `${first}who you are: aws sts get-caller-identity; allow ${action} there, or choose another profile: remote cloud use --profile P`,
    cause,
  })

const dateOf = (error: object): string | undefined => {
  const answer: unknown = '$response' in error ? error.$response : undefined
  const headers: unknown = typeof answer === 'object' && answer !== null && 'headers' in answer ? answer.headers : undefined
  const date: unknown = typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined
  return typeof date === 'string' ? date : undefined
}

const NETWORK = ['ENOTFOUND', 'ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH']
const KEYS_WRONG = [
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'AuthFailure',
]
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']
const SKEWED = ['RequestTimeTooSkewed', 'InvalidSignatureException', 'SignatureDoesNotMatch']
const DENIED = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']
const THROTTLED = ['Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded']

export const noStack = ({ stack, region, profile }: Pick<Doing, 'stack' | 'region' | 'profile'>, cause?: unknown) =>
  new RemoteError(
    'not_found',
    `there is no stack ${stack} in ${region ?? 'this region'}${profile ? ` with profile ${profile}` : ''}`,
    {
      hint: 'make it: remote cloud deploy; or say where it is: remote cloud use --stack S --region R --profile P',
      cause,
    },
  )

const noKeys = ({ profile }: Doing, cause: Error) =>
  new RemoteError('no_credentials', profile ? `profile ${profile} gives no AWS credentials` : 'no AWS credentials were found', {
    hint: profile
      ? `what AWS's own tools say of it: aws sts get-caller-identity --profile ${profile}`
      : 'set a profile up (aws configure sso) and choose it: remote cloud use --profile P; or set AWS_PROFILE',
    cause,
  })

/** What an error of the AWS SDK means to the user, and what to do. Bugs stay what they are. */
export const awsRefusal = (error: unknown, at: Doing): unknown => {
  if (!(error instanceof Error) || error instanceof RemoteError) return error
  const code = 'code' in error ? String(error.code) : ''
  const { name, message } = error
  const { profile, region, doing, stack } = at
  const theirs = Date.parse(dateOf(error) ?? '')
  if (SKEWED.includes(name) && Math.abs(Date.now() - theirs) > 240_000) return clockSkew(Date.now(), theirs, error)
  if (/region is missing|region not accepted/i.test(message)) {
    return new RemoteError('usage', 'no AWS region is set', {
      hint: 'for example: remote cloud use --region us-east-1; or set AWS_REGION',
      cause: error,
    })
  }
  if (/sso|token/i.test(`${name} ${message}`) && /expired|refresh|aws sso login/i.test(message)) return ssoExpired(profile, error)
  if (EXPIRED.includes(name)) return ssoExpired(profile, error)
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return noKeys(at, error)
  if (name === 'ValidationError' && /does not exist/.test(message)) return noStack({ stack, region, profile }, error)
  if (DENIED.includes(name)) {
    // Whoever may see one stack alone is denied another region, and a name that is not there, in the same words.
    const elsewhere = `is it there? say where: remote cloud use --stack S --region R; `
    const on = stack ? ` on stack ${stack}${region ? ` in ${region}` : ''}` : ''
    return accessDenied(deniedAction(message) ?? doing, on, error, stack ? elsewhere : '')
  }
  if (KEYS_WRONG.includes(name)) {
    return new RemoteError('no_credentials', `AWS does not know these credentials${profile ? ` (profile ${profile})` : ''}`, {
      hint: 'they may have been deleted, or be of another partition: aws sts get-caller-identity',
      cause: error,
    })
  }
  if (THROTTLED.includes(name)) {
    return new RemoteError('unavailable', `AWS is throttling ${doing}`, { hint: 'try again in a minute', cause: error })
  }
  if (NETWORK.includes(code) || name === 'TimeoutError') {
    return new RemoteError('unavailable', `AWS cannot be reached${region ? ` in ${region}` : ''} (${code || name})`, {
      hint: `is this computer online, and ${region ? `is ${region} a region` : 'the region right'}? see: remote cloud doctor`,
      cause: error,
    })
  }
  if ('$fault' in error) {
    return new RemoteError('refused', `AWS refuses ${doing}: ${saidBy(error)}`, {
      hint: 'see: remote cloud doctor',
      cause: error,
    })
  }
  return error
}
