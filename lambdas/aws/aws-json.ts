import { Sha256 } from '@smithy/core/checksum'
import { isThrottlingError, isTransientError, StandardRetryStrategy } from '@smithy/core/retry'
import { HttpRequest, type HttpResponse } from '@smithy/core/transport'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { SignatureV4 } from '@smithy/signature-v4'
import { awsHost } from '../../core/contract/aws-host.ts'
import { defaultProvider } from '../sdk/environment-credentials.ts'

const CONNECT_MS = 3000
const ANSWER_MS = 10_000
const TRIES = 4
/** Where a call was refused because it was too much, the SDK's own pause is what counts. */
const FIRST_PAUSE_MS = 25

type SdkError = Parameters<typeof isTransientError>[0]
type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
type HttpHandler = { handle(request: HttpRequest): Promise<{ response: HttpResponse }> }

export type AwsJsonOptions = {
  /** Default: the environment's, as Lambda gives it to functions. */
  region?: string
  endpoint?: string
  credentials?: Credentials
  maxAttempts?: number
  handler?: HttpHandler
}
/** `id`: what its variable for an endpoint is named after. */
export type AwsService = { service: string; id: string; target: string; version: '1.0' | '1.1' }

/** As AWS's own clients do: for one service, for all, or where the region is. */
const endpointOf = ({ service, id }: AwsService, region: string, env: NodeJS.ProcessEnv) =>
  env[`AWS_ENDPOINT_URL_${id}`] || env['AWS_ENDPOINT_URL'] || `https://${awsHost(service, region)}`

const bytesOf = async (response: HttpResponse): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const part of response.body as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/** As the SDK's clients throw: named after what AWS calls it, with the members of its answer and the status. */
const errorOf = (httpStatusCode: number, text: string): Error => {
  let body: Record<string, unknown> = {}
  try {
    body = JSON.parse(text) as Record<string, unknown>
  } catch {
    // A proxy's or load balancer's page.
  }
  const { __type: type, message, Message, ...members } = body
  const name = typeof type === 'string' ? type.replace(/^.*#/, '').replace(/:.*$/, '') : 'UnknownError'
  const said = message ?? Message
  const error = new Error(typeof said === 'string' ? said : `${name} (${httpStatusCode})`)
  return Object.assign(error, members, { name, $metadata: { httpStatusCode } })
}

const kindOf = (error: SdkError) =>
  isThrottlingError(error) ? 'THROTTLING' : isTransientError(error) ? 'TRANSIENT' : 'CLIENT_ERROR'

/**
 * Calls of a service of AWS that speaks JSON, by the SDK's own signer, HTTP handler and retries, without its models of every operation: these
 * take 20 ms of each start of a function, and what they would do is `JSON.stringify`.
 */
export const openAwsJson = (of: AwsService, options: AwsJsonOptions = {}) => {
  const { service, target, version } = of
  const region = options.region ?? process.env['AWS_REGION'] ?? ''
  const { protocol, hostname, port, pathname } = new URL(options.endpoint ?? endpointOf(of, region, process.env))
  const signer = new SignatureV4({ service, region, credentials: options.credentials ?? defaultProvider(), sha256: Sha256 })
  const handler: HttpHandler =
    options.handler ??
    new NodeHttpHandler({ connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true })
  const retries = new StandardRetryStrategy({
    maxAttempts: options.maxAttempts ?? TRIES,
    baseDelay: FIRST_PAUSE_MS,
  })
  const where = { protocol, hostname, path: pathname, ...(port === '' ? {} : { port: Number(port) }) }
  const host = port === '' ? hostname : `${hostname}:${port}`

  const once = async (action: string, body: string): Promise<unknown> => {
    const headers = {
      host,
      'content-type': `application/x-amz-json-${version}`,
      'content-length': String(Buffer.byteLength(body)),
      'x-amz-target': `${target}.${action}`,
    }
    // Anew for each try: a signature is of its moment.
    const signed = await signer.sign(new HttpRequest({ ...where, method: 'POST', headers, body }))
    const { response } = await handler.handle(new HttpRequest(signed))
    const text = await bytesOf(response)
    if (response.statusCode >= 300) throw errorOf(response.statusCode, text)
    return text === '' ? {} : (JSON.parse(text) as unknown)
  }

  /** Repeats what can succeed at once; throws what AWS answered with, or Node's error of a connection, when it does not. */
  return async (action: string, input: object): Promise<unknown> => {
    const body = JSON.stringify(input)
    for (let token = await retries.acquireInitialRetryToken(''); ; ) {
      try {
        const answer = await once(action, body)
        retries.recordSuccess(token)
        return answer
      } catch (error) {
        if (!(error instanceof Error)) throw error
        // Waits before it answers.
        token = await retries.refreshRetryTokenForRetry(token, { errorType: kindOf(error as SdkError) }).catch(() => {
          throw error
        })
      }
    }
  }
}
