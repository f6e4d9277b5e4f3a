import { newSession } from '../../core/domain/new-session.ts'
import { launchedFor } from '../../core/domain/shared-machine.ts'
import { nextMove } from '../../core/lifecycle/next-move.ts'
import { openDynamo } from '../../lambdas/aws/dynamo.ts'
import { openDynamoSessionStore } from '../../lambdas/aws/dynamo-session-store.ts'
import { openDynamoWaitStore } from '../../lambdas/aws/dynamo-wait-store.ts'
import type { TableStub } from './table-stub.ts'

const ID = 's-0000000001'
const INSTANCE = 'i-0123456789abcdef0'
const ATTEMPT = { number: 1, machine: INSTANCE }
export const BOOT_SECONDS = 300
export const MACHINE_ROLE = 'machine'

const never = () => Promise.reject(new Error('the record is small'))

/** A session that runs on a machine, and whose lifecycle waits for its end. */
const aRunningSession = async (stub: TableStub) => {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' }
  const dynamo = openDynamo({ region: 'us-east-1', endpoint: stub.endpoint, credentials })
  const table = { dynamo, tableName: 't' }
  const now = Date.now()
  const request = { ...DISPATCH, secrets: [], env: {}, interactive: false, spot: false, ttlSeconds: 3600 }
  const session = {
    ...newSession(ID, request, 'ada', now),
    state: 'running' as const,
    attempts: [ATTEMPT],
    expiresAt: new Date(now + 3_600_000).toISOString(),
  }
  const store = openDynamoSessionStore({ ...table, large: { put: never, get: never }, clock: { now: () => now }, keptDays: 30 })
  await store.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  const { next, seconds } = nextMove(session, now, BOOT_SECONDS)
  await openDynamoWaitStore(table).put(ID, { token: 'token', for: next, until: now + seconds * 1000 })
  const shared = JSON.stringify(launchedFor({ session: ID, attempt: 1 }))
  stub.put({ pk: { S: `M#${INSTANCE}` }, sk: { S: 'machine' }, shared: { S: shared }, version: { N: '1' } })
}

const DISPATCH = { task: 'echo hi', runtime: 'cloud', agent: 'shell', instance: 't3.small' }
const BEAT = { position: { attempt: 1, seq: 7 }, inboxHandled: 0, usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.01 } }
const ADA = { userArn: 'arn:aws:iam::1:user/ada', callerId: 'AIDA' }
const RUNNER = { userArn: `arn:aws:sts::1:assumed-role/${MACHINE_ROLE}/${INSTANCE}`, callerId: `AROA:${INSTANCE}` }

/** An event of an HTTP API, payload format 2.0. */
const event = (method: string, path: string, iam: typeof ADA, body?: object) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'localhost', 'content-type': 'application/json' },
  requestContext: { domainName: 'localhost', http: { method, path }, authorizer: { iam } },
  ...(body ? { body: JSON.stringify(body) } : {}),
  isBase64Encoded: false,
})

/** The calls that a function most often starts for, by name; `stub` has what they need. */
export const firstCalls = async (stub: TableStub) => {
  await aRunningSession(stub)
  stub.asked()
  return {
    'a beat': event('POST', `/v1/runner/${ID}/1/beat`, RUNNER, BEAT),
    'a dispatch': event('POST', '/v1/sessions', ADA, DISPATCH),
    'the list': event('GET', '/v1/sessions', ADA),
    'one session': event('GET', `/v1/sessions/${ID}`, ADA),
  }
}
