import { RemoteError } from '../../core/contract/remote-error.ts'
import { accessDenied, clockSkew, deniedAction, ssoExpired } from '../cloud/aws-refusal.ts'

/** AWS takes five minutes. */
const SKEW_MS = 240_000

export type Refused = { status: number; date: string | undefined; text: string }
type At = { doing: string; session: string; profile: string | undefined }

/** AWS names its errors in JSON, in XML or in words. */
const codeIn = (text: string): string =>
  /"(?:__type|code|Code)"\s*:\s*"(?:[^"#]*#)?(\w+)"/.exec(text)?.[1] ?? /<Code>([\w.]+)<\/Code>/.exec(text)?.[1] ?? ''
const saidIn = (text: string): string =>
  (/"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? /<Message>([^<]*)</.exec(text)?.[1] ?? text).slice(0, 300)

const mayNot = (action: string, said: string) => {
  const known = accessDenied(deniedAction(said) ?? action, '')
  return new RemoteError(known.code, known.message, {
    hint: "the stack's output PeoplePolicyArn is a policy for it: whoever administers the account attaches it to you; or choose another profile: remote cloud use --profile P",
  })
}

/** What EC2 Instance Connect or its endpoint means by refusing; AWS does not document all of how they say it. */
export const instanceConnectRefusal = ({ status, date, text }: Refused, { doing, session, profile }: At): RemoteError => {
  const [code, said] = [codeIn(text), saidIn(text)]
  const theirs = Date.parse(date ?? '')
  const words = `${code} ${said}`
  if (status === 429 || /throttl|too many|limit ?exceeded|quota/i.test(words))
    return new RemoteError('unavailable', `AWS is throttling ${doing}`, {
      hint: 'an endpoint has 20 tunnels at a time, one for each ssh, scp or forward: end some, or try again in a minute',
    })
  if (Math.abs(Date.now() - theirs) > SKEW_MS) return clockSkew(Date.now(), theirs)
  if (/ExpiredToken|RequestExpired|token.*expired/i.test(words)) return ssoExpired(profile, new Error(said))
  if (/InvalidClientTokenId|UnrecognizedClient|security token.*invalid|SignatureDoesNotMatch|InvalidSignature/i.test(words))
    return new RemoteError('no_credentials', `AWS does not know these credentials${profile ? ` (profile ${profile})` : ''}`, {
      hint: 'they may have been deleted: aws sts get-caller-identity',
    })
  if (/not authorized|AccessDenied|UnauthorizedOperation|AuthException/i.test(words) || status === 401 || status === 403)
    return mayNot(doing, said)
  if (/EC2Instance(NotFound|StateInvalid)/.test(code))
    return new RemoteError('unavailable', `the machine of ${session} is going, or is not there yet: ${said}`, {
      hint: `see what it is doing: remote explain ${session}`,
    })
  if (status === 404 || code.includes('NotFound'))
    return new RemoteError('not_found', `the stack's Instance Connect Endpoint is gone: ${said}`, {
      hint: 'find the stack again: remote cloud use; or bring it up to date: remote cloud deploy',
    })
  if (status >= 500 || /EC2InstanceUnavailable|ServiceException/.test(code))
    return new RemoteError('unavailable', `AWS failed at ${doing} (${status}: ${said})`, { hint: 'try again in a minute' })
  return new RemoteError('refused', `AWS refuses ${doing}: ${said}`, { hint: 'see: remote cloud doctor' })
}
