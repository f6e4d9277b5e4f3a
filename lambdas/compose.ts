import type { Compute } from '../core/ports/compute.ts'
import type { Ports } from '../core/ports/ports.ts'
import type { SegmentStore } from '../core/ports/segment-store.ts'
import { openApiGatewayDoorbell, sendAll } from './aws/api-gateway-doorbell.ts'
import { openDynamo } from './aws/dynamo.ts'
import { openDynamoAuditLog } from './aws/dynamo-audit-log.ts'
import { openDynamoConnectionStore } from './aws/dynamo-connection-store.ts'
import { openDynamoInboxStore } from './aws/dynamo-inbox-store.ts'
import { openDynamoLedger } from './aws/dynamo-ledger.ts'
import { openDynamoSessionStore } from './aws/dynamo-session-store.ts'
import { openDynamoWaitStore } from './aws/dynamo-wait-store.ts'
import { openDynamoWorkspaceStore, type Volumes } from './aws/dynamo-workspace-store.ts'
import { openStateMachine } from './aws/open-state-machine.ts'
import { wakeWaiting } from './aws/wake-waiting.ts'
import { openWebIds } from './aws/web-ids.ts'
import { readEnvironment } from './environment.ts'
import { lazily, oneOf } from './lazily.ts'

/** What buys and ends machines; most functions may not, and do not even have its code. */
export type Machinery = { compute: Compute; volumes: Volumes }

const clock = { now: () => Date.now() }

/** The bucket of a stack of its own endpoint is addressed by path. */
const isElsewhere = (env: NodeJS.ProcessEnv) => env['AWS_ENDPOINT_URL'] !== undefined || env['AWS_ENDPOINT_URL_S3'] !== undefined

/** Viewers are shown the end of a log when it is sealed, not at the next beat. */
const tellingOfSeals = (segments: SegmentStore, sealed: (session: string, attempt: number) => Promise<void>): SegmentStore => ({
  log: segments.log,
  read: segments.read,
  seal: async (session, attempt, seal) => {
    await segments.seal(session, attempt, seal)
    if (seal.final) await sealed(session, attempt)
  },
  sealWhereDurable: async (session, attempt, why) => {
    const last = await segments.sealWhereDurable(session, attempt, why)
    await sealed(session, attempt)
    return last
  },
})

/** The control plane in AWS: core over DynamoDB, S3, Secrets Manager, Step Functions and API Gateway. */
export const compose = (env: NodeJS.ProcessEnv, { compute, volumes }: Machinery) => {
  const names = ['TABLE', 'BUCKET', 'STACK', 'STATE_MACHINE_ARN', 'CONNECTIONS_URL', 'BOOT_SECONDS', 'KEPT_DAYS'] as const
  const { TABLE, BUCKET, STACK, STATE_MACHINE_ARN, CONNECTIONS_URL, BOOT_SECONDS, KEPT_DAYS } = readEnvironment(env, names)
  const dynamo = openDynamo()
  const table = { dynamo, tableName: TABLE, keptDays: KEPT_DAYS }
  // Nearly every call reads and writes records; the code of the other services is loaded by the calls that need it.
  const bucket = oneOf(async () => {
    const { openBucket } = await import('./aws/open-bucket.ts')
    return openBucket({ ...table, bucket: BUCKET, clock, forcePathStyle: isElsewhere(env) })
  })
  const large = lazily(async () => (await bucket()).large)
  const addresses = lazily(async () => (await bucket()).addresses)
  const stored = lazily(async () => (await bucket()).stored)
  const sessions = openDynamoSessionStore({ ...table, large, clock })
  const connections = openDynamoConnectionStore({ ...table, clock })
  const { post } = lazily(async () => (await import('./aws/open-post-frame.ts')).openPostFrameTo(CONNECTIONS_URL))
  const bells = { connections, post }
  const segmentsThere = lazily(async () => (await bucket()).segments)
  const showSeal = async (session: string, attempt: number) => {
    const viewers = await connections.viewers(session)
    if (viewers.length === 0) return
    const { last, lost } = await segmentsThere.log(session, attempt)
    await sendAll(bells, viewers, { type: 'sealed', attempt, last, ...(lost !== undefined && { lost }) })
  }
  const segments = tellingOfSeals(segmentsThere, showSeal)
  const waits = openDynamoWaitStore(table)
  const machine = openStateMachine(STATE_MACHINE_ARN)
  const wake = wakeWaiting({ sessions, waits, callbacks: machine, clock, bootSeconds: BOOT_SECONDS })
  const secrets = lazily(async () =>
    (await import('./aws/open-secrets.ts')).openSecrets({ ...table, large, stack: STACK, clock }),
  )
  const ports: Ports = {
    sessions,
    ledger: openDynamoLedger(table),
    audit: openDynamoAuditLog({ ...table, now: clock.now }),
    prices: lazily(async () => (await import('./aws/dynamo-price-store.ts')).openDynamoPriceStore(table)),
    inbox: openDynamoInboxStore({ ...table, large, clock }),
    segments,
    bundles: lazily(async () => (await bucket()).bundles),
    workspaces: openDynamoWorkspaceStore({ ...table, volumes, clock }),
    secrets,
    compute,
    doorbell: openApiGatewayDoorbell(bells),
    lifecycle: { begin: machine.begin, wake },
    clock,
    ids: openWebIds(),
  }
  return { ports, secrets, table, addresses, stored, bells, waits, wake, bootSeconds: BOOT_SECONDS }
}
