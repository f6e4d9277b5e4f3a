import { AwsV4Signer } from 'aws4fetch'
import { awsHost } from '../../core/contract/aws-host.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'

const ANSWER_MS = 20_000

/**
 * One call of an AWS service that speaks JSON 1.1, where one call does not need one more client of the SDK. Throws `unavailable` with AWS's word.
 * `host`, `region`: where they are not the service's name and the function's own.
 */
export const callJson = async (
  env: NodeJS.ProcessEnv,
  asked: { service: string; target: string; body: unknown; host?: string; region?: string },
): Promise<unknown> => {
  const { service, target, body, host = service, region = env['AWS_REGION'] ?? '' } = asked
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env
  const url = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || env['AWS_ENDPOINT_URL'] || `https://${awsHost(host, region)}/`
  const signer = new AwsV4Signer({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
    service,
    region,
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  })
  const signed = await signer.sign()
  const answer = await fetch(signed.url, {
    method: 'POST',
    headers: signed.headers,
    body: signed.body ?? null,
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text === '' ? '{}' : text) as unknown
  throw new RemoteError('unavailable', `${target} was answered with ${answer.status}: ${text.slice(0, 300)}`, {
    hint: 'deploy the stack again: remote cloud deploy',
  })
}
