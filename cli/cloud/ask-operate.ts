import { AwsV4Signer } from 'aws4fetch'
import { awsHost } from '../../core/contract/aws-host.ts'
import type { OperateAsk } from '../../core/contract/operate.ts'
import { ERRORS, type ErrorCode, RemoteError } from '../../core/contract/remote-error.ts'
import type { Io } from '../io.ts'
import { accessDenied, deniedAction } from './aws-refusal.ts'
import { type Exchange, exchange } from './exchange.ts'
import type { Opened } from './opened-cloud.ts'

/** It waits for EC2, and for another function. */
const ANSWER_MS = 150_000

type Answer<T> = { answer?: T; refused?: { code: ErrorCode; message: string; hint?: string } }

const outdated = ({ stack, region }: Opened) =>
  new RemoteError('not_supported', `stack ${stack} in ${region} is older than this and cannot be asked that`, {
    hint: `bring it up to date: remote cloud deploy --stack ${stack} --region ${region}`,
  })

const refusal = (opened: Opened, { status, headers, bytes }: Exchange): RemoteError => {
  const text = bytes.toString('utf8')
  const said = /"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.slice(0, 300)
  const action = deniedAction(said)
  if (status === 403 || action !== undefined) return accessDenied(action ?? 'lambda:InvokeFunction', ` of stack ${opened.stack}`)
  if (status === 404) return outdated(opened)
  if (status === 429) return new RemoteError('unavailable', 'AWS is throttling Lambda', { hint: 'try again in a minute' })
  const failed = headers['x-amz-function-error'] === undefined ? `answered ${status}` : 'failed'
  return new RemoteError('unavailable', `the function operate of stack ${opened.stack} ${failed}: ${said}`, {
    hint: `its log says why: aws logs tail --since 10m --region ${opened.region}, the group of its function operate`,
  })
}

/**
 * Asks the stack what only it may see or do in the account, by invoking its function `operate` with the user's own credentials. Throws
 * `no_credentials` where these do not allow that, `not_supported` for a stack that has no such function yet.
 */
export const askOperate = async <T>(io: Pick<Io, 'env'>, opened: Opened, ask: OperateAsk): Promise<T> => {
  const { access, region, stack } = opened
  const { outputs } = await access.describeStack(stack)
  const name = outputs['OperateFunctionName']
  if (!name) throw outdated(opened)
  const endpoint = io.env['AWS_ENDPOINT_URL_LAMBDA'] || io.env['AWS_ENDPOINT_URL'] || `https://${awsHost('lambda', region)}`
  const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
  const body = JSON.stringify(ask)
  const { accessKeyId, secretAccessKey, sessionToken } = await access.keys()
  const signer = new AwsV4Signer({
    method: 'POST',
    url,
    body,
    headers: { 'content-type': 'application/json' },
    service: 'lambda',
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
  const headers = Object.fromEntries((await signer.sign()).headers)
  const got = await exchange({ method: 'POST', url, headers, body, timeoutMs: ANSWER_MS })
  if (got.status !== 200 || got.headers['x-amz-function-error'] !== undefined) throw refusal(opened, got)
  // What it says is what the contract's types say: both are of one version, or checkStackVersion has refused.
  const { answer, refused } = JSON.parse(got.bytes.toString('utf8')) as Answer<T>
  if (answer !== undefined) return answer
  const { code, message, hint } = refused ?? { code: 'bug' as const, message: 'the function operate answered nothing' }
  throw new RemoteError(code in ERRORS ? code : 'bug', message, { hint })
}
