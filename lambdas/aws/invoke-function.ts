import { AwsV4Signer } from 'aws4fetch'
import { awsHost } from '../../core/contract/aws-host.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

const ANSWER_MS = 60_000

/** Another function's answer to `payload`. One call does not need one more client of the SDK. Throws `unavailable` when it fails. */
export const invokeFunction = async (env: NodeJS.ProcessEnv, name: string, payload: unknown): Promise<unknown> => {
  const { AWS_REGION: region = '', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env
  const endpoint = env['AWS_ENDPOINT_URL_LAMBDA'] || env['AWS_ENDPOINT_URL'] || `https://${awsHost('lambda', region)}`
  const signer = new AwsV4Signer({
    method: 'POST',
    url: `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
    body: JSON.stringify(payload),
    service: 'lambda',
    region,
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  })
  const { url, method, headers, body } = await signer.sign()
  const answer = await fetch(url, { method, headers, body: body ?? null, signal: AbortSignal.timeout(ANSWER_MS) })
  const text = await answer.text()
  if (answer.ok && !answer.headers.has('x-amz-function-error')) return JSON.parse(text) as unknown
  throw new RemoteError('unavailable', `function ${name} failed (${answer.status}): ${text.slice(0, 300)}`, {
    hint: `its log says why; or deploy again: remote cloud deploy`,
  })
}
