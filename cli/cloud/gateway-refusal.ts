import { RemoteError } from '../../core/contract/remote-error.ts'
import { clockSkew, deniedAction, ssoExpired } from './aws-refusal.ts'
import type { Cloud } from './clouds-file.ts'

/** AWS takes five minutes. */
const SKEW_MS = 240_000

const saidIn = (text: string): string => {
  const said = /"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return said ?? text.slice(0, 200)
}

/** What API Gateway, which stands before the control plane, means by refusing a signed call. */
export const gatewayRefusal = (
  cloud: Cloud,
  { status, date, text }: { status: number; date?: string | undefined; text: string },
) => {
  const said = saidIn(text)
  const { profile, region, stack } = cloud
  const theirs = Date.parse(date ?? '')
  if (status === 401 || status === 403) {
    if (Math.abs(Date.now() - theirs) > SKEW_MS) return clockSkew(Date.now(), theirs)
    if (/expired/i.test(said) && !/signature expired/i.test(said)) return ssoExpired(profile, new Error(said))
    if (/security token.*invalid|InvalidClientTokenId|not (a )?valid.*key/i.test(said)) {
      return new RemoteError('no_credentials', `AWS does not know these credentials${profile ? ` (profile ${profile})` : ''}`, {
        hint: 'they may have been deleted: aws sts get-caller-identity',
      })
    }
    if (/scoped to a valid region|credential scope|should be scoped/i.test(said)) {
      return new RemoteError('refused', `${stack} is not in ${region}: AWS says ${said}`, {
        hint: 'find it again: remote cloud use --region R',
      })
    }
    const action = deniedAction(said) ?? 'execute-api:Invoke'
    return new RemoteError('no_credentials', `your AWS identity may not use ${action} on the API of stack ${stack} (${region})`, {
      hint: `the stack's output PeoplePolicyArn is a policy for it: whoever administers the account attaches it to you; or choose another profile: remote cloud use --profile P`,
    })
  }
  if (status === 404) {
    return new RemoteError('not_found', `the API of stack ${stack} in ${region} is gone`, {
      hint: 'find the stack again: remote cloud use; or make it: remote cloud deploy',
    })
  }
  if (status === 413) {
    return new RemoteError('too_large', 'this is more than API Gateway takes in one call (10 MB)', {
      hint: 'a task, an environment or a message must be smaller: files belong into the repository',
    })
  }
  if (status === 429) {
    return new RemoteError('unavailable', `AWS is throttling the API of stack ${stack}`, { hint: 'try again in a minute' })
  }
  if (status === 500 || status === 502 || status === 503 || status === 504) {
    return new RemoteError('unavailable', `the control plane in ${region} failed to answer (${status}: ${said})`, {
      hint: `its log says why: aws logs tail --since 10m --region ${region}, the group of stack ${stack}'s http function`,
    })
  }
  return new RemoteError('bug', `the control plane in ${region} answered ${status}: ${said}`, {
    hint: 'see: remote cloud doctor',
  })
}
