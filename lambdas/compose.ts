import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SFNClient } from '@aws-sdk/client-sfn'
import type { Compute } from '../core/ports/compute.ts'
import type { Ports } from '../core/ports/ports.ts'
import type { SegmentStore } from '../core/ports/segment-store.ts'
import { openApiGatewayDoorbell, sendAll } from './aws/api-gateway-doorbell.ts'
import { openCallbacks } from './aws/callbacks.ts'
import { openDynamoConnectionStore } from './aws/dynamo-connection-store.ts'
import { openDynamoInboxStore } from './aws/dynamo-inbox-store.ts'
import { openDynamoSessionStore } from './aws/dynamo-session-store.ts'
import { openDynamoWaitStore } from './aws/dynamo-wait-store.ts'
import { openDynamoWorkspaceStore, type Volumes } from './aws/dynamo-workspace-store.ts'
import { openPostFrame } from './aws/post-frame.ts'
import { openS3BundleStore } from './aws/s3-bundle-store.ts'
import { openS3LargeTexts } from './aws/s3-large-texts.ts'
import { openS3SegmentStore } from './aws/s3-segment-store.ts'
import { openSecretsManagerSecretStore } from './aws/secrets-manager-secret-store.ts'
import { openStepFunctionsLifecycle } from './aws/step-functions-lifecycle.ts'
import { wakeWaiting } from './aws/wake-waiting.ts'
import { openWebIds } from './aws/web-ids.ts'
import { readEnvironment } from './environment.ts'

/** What buys and ends machines; most functions may not, and do not even have its code. */
export type Machinery = { compute: Compute; volumes: Volumes }

const clock = { now: () => Date.now() }

/** The bucket of a stack of its own endpoint is addressed by path. */
const isElsewhere = (env: NodeJS.ProcessEnv) => env['AWS_ENDPOINT_URL'] !== undefined || env['AWS_ENDPOINT_URL_S3'] !== undefined

/** Viewers are shown the end of a log when it is sealed, not at the next beat. */
const tellingOfSeals = (segments: SegmentStore, sealed: (session: string, attempt: number) => Promise<void>): SegmentStore => ({
  ...segments,
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
  const dynamo = new DynamoDBClient({})
  const s3 = new S3Client({ forcePathStyle: isElsewhere(env) })
  const table = { dynamo, tableName: TABLE }
  const kept = { s3, bucket: BUCKET, clock, keptDays: KEPT_DAYS }
  const large = openS3LargeTexts({ s3, bucket: BUCKET })
  const sessions = openDynamoSessionStore({ ...table, large, clock })
  const connections = openDynamoConnectionStore({ ...table, clock })
  const post = openPostFrame(new ApiGatewayManagementApiClient({ endpoint: CONNECTIONS_URL }))
  const bells = { connections, post }
  const stored = openS3SegmentStore({ ...table, ...kept })
  const showSeal = async (session: string, attempt: number) => {
    const viewers = await connections.viewers(session)
    if (viewers.length === 0) return
    const { last, lost } = await stored.log(session, attempt)
    await sendAll(bells, viewers, { type: 'sealed', attempt, last, ...(lost !== undefined && { lost }) })
  }
  const segments = tellingOfSeals(stored, showSeal)
  const sfn = new SFNClient({})
  const waits = openDynamoWaitStore(table)
  const callbacks = openCallbacks(sfn)
  const wake = wakeWaiting({ sessions, waits, callbacks, clock, bootSeconds: BOOT_SECONDS })
  const secrets = openSecretsManagerSecretStore({ ...table, large, client: new SecretsManagerClient({}), stack: STACK, clock })
  const ports: Ports = {
    sessions,
    inbox: openDynamoInboxStore({ ...table, large, clock }),
    segments,
    bundles: openS3BundleStore({ ...table, ...kept }),
    workspaces: openDynamoWorkspaceStore({ ...table, volumes, clock }),
    secrets,
    compute,
    doorbell: openApiGatewayDoorbell(bells),
    lifecycle: openStepFunctionsLifecycle({ sfn, stateMachineArn: STATE_MACHINE_ARN, wake }),
    clock,
    ids: openWebIds(),
  }
  return { ports, secrets, table, s3, bells, waits, wake, bootSeconds: BOOT_SECONDS }
}
