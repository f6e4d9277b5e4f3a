import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiDescription, Control, Identity } from './control.ts'
import { authorize, findRoute, functionOf, type Incoming, incoming } from './front-route.ts'
import type { LambdaHost } from './lambda-host.ts'

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const BODY_BYTES = 10 * 1024 * 1024
const LONGEST_MS = 30_000
/** Lambda takes 6 MB, and base64 is a third more. */
const EVENT_BYTES = 6_291_556

type Answer = {
  statusCode?: number
  headers?: Record<string, string>
  body?: string
  isBase64Encoded?: boolean
  cookies?: string[]
}
type Reply = { status: number; headers: Record<string, string | string[]>; body: Buffer }

const message = (status: number, text: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message: text })),
})

const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded|[\w.-]*\+(json|xml)))/

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html (format 2.0) */
const eventOf = (
  api: ApiDescription,
  { key, parameters }: { key: string; parameters: Record<string, string> },
  { request, host }: { request: Incoming; host: string },
  identity: Identity | undefined,
) => {
  const { cookie, ...headers } = request.headers
  const query = new URLSearchParams(request.rawQuery)
  const names = [...new Set(query.keys())]
  // Text is handed on as it is; anything else, and what is compressed, as base64.
  const isText = TEXT.test(headers['content-type'] ?? '') && !headers['content-encoding']
  const now = new Date()
  return {
    version: '2.0',
    routeKey: key,
    rawPath: decodeURI(request.rawPath),
    rawQueryString: request.rawQuery,
    ...(cookie ? { cookies: cookie.split('; ') } : {}),
    headers: { ...headers, host },
    ...(names.length > 0 ? { queryStringParameters: Object.fromEntries(names.map((n) => [n, query.getAll(n).join(',')])) } : {}),
    ...(Object.keys(parameters).length > 0 ? { pathParameters: parameters } : {}),
    requestContext: {
      accountId: api.account,
      apiId: api.id,
      ...(identity ? { authorizer: { iam: { ...identity, cognitoIdentity: null, principalOrgId: null } } } : {}),
      domainName: host,
      domainPrefix: api.id,
      http: {
        method: request.method,
        path: decodeURI(request.rawPath),
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: key,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(request.body.length > 0 ? { body: request.body.toString(isText ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: request.body.length > 0 && !isText,
  }
}

/** What a function may answer: the full form, or anything else as a JSON body. */
const replyOf = (payload: string): Reply => {
  const answer = JSON.parse(payload) as Answer | string | null
  if (answer === null || typeof answer !== 'object' || answer.statusCode === undefined) {
    const body = typeof answer === 'string' ? answer : payload
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }
  }
  const { statusCode, headers = {}, body = '', isBase64Encoded = false, cookies = [] } = answer
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
  return {
    status: statusCode,
    headers: { 'content-type': 'text/plain;charset=utf-8', ...lower, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size <= BODY_BYTES) parts.push(part as Buffer)
  }
  return size > BODY_BYTES ? undefined : Buffer.concat(parts)
}

type HttpFront = { control: Control; lambdas: LambdaHost; api: () => Promise<ApiDescription>; longestMs?: number }

/** An HTTP API: our model of API Gateway, from the pages above. Anything it refuses never reaches a function. */
export const httpFront = ({ control, lambdas, api: describe, longestMs = LONGEST_MS }: HttpFront) => {
  const handle = async (request: IncomingMessage): Promise<Reply> => {
    const body = await bodyOf(request)
    if (!body) return message(413, 'Request Entity Too Large')
    const api = await describe()
    const came = incoming(request, body)
    const found = findRoute(api, came.method, decodeURI(came.rawPath))
    if (!found) return message(404, 'Not Found')
    let identity: Identity | undefined
    if (found.route.authorization === 'AWS_IAM') {
      const decided = await authorize(control, api, came, '$default', `${came.method}${came.rawPath}`)
      if (!decided.allowed) return message(403, 'Forbidden')
      identity = decided.identity
    }
    const host = request.headers.host ?? ''
    const event = eventOf(api, { key: found.route.key, parameters: found.parameters }, { request: came, host }, identity)
    const payload = JSON.stringify(event)
    if (Buffer.byteLength(payload) > EVENT_BYTES) return message(413, 'Request Entity Too Large')
    const late = AbortSignal.timeout(Math.min(found.route.timeoutMs, longestMs))
    const answered = await Promise.race([
      lambdas.invoke(functionOf(found.route), payload),
      new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined), { once: true })),
    ])
    if (!answered) return message(503, 'Service Unavailable')
    if (answered.failed) return message(500, 'Internal Server Error')
    return replyOf(answered.payload)
  }
  return async (request: IncomingMessage, response: ServerResponse) => {
    const reply = await handle(request).catch((error: unknown) => {
      console.error(error)
      return message(500, 'Internal Server Error')
    })
    response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length, 'apigw-requestid': randomUUID() })
    response.end(request.method === 'HEAD' ? undefined : reply.body)
  }
}
