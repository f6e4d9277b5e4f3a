import { gzipSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { recordLength } from '../../core/contract/records.ts'
import { openDynamoAuditLog } from '../../lambdas/aws/dynamo-audit-log.ts'
import { openDynamoInboxStore } from '../../lambdas/aws/dynamo-inbox-store.ts'
import { openDynamoLedger } from '../../lambdas/aws/dynamo-ledger.ts'
import { openDynamoPriceStore } from '../../lambdas/aws/dynamo-price-store.ts'
import { openDynamoSessionStore } from '../../lambdas/aws/dynamo-session-store.ts'
import { openDynamoWorkspaceStore } from '../../lambdas/aws/dynamo-workspace-store.ts'
import { openS3BundleStore } from '../../lambdas/aws/s3-bundle-store.ts'
import { openS3SegmentStore } from '../../lambdas/aws/s3-segment-store.ts'
import { openSecretsManagerSecretStore } from '../../lambdas/aws/secrets-manager-secret-store.ts'
import { useAws } from '../support/aws-world.ts'
import { noVolumes } from '../support/fakes/no-volumes.ts'
import { keepsTheAuditLogPromise } from './audit-log-promise.ts'
import { keepsTheBundleStorePromise } from './bundle-store-promise.ts'
import { keepsTheInboxStorePromise } from './inbox-store-promise.ts'
import { keepsTheLedgerPromise } from './ledger-promise.ts'
import { keepsThePriceStorePromise } from './price-store-promise.ts'
import { keepsTheSecretStorePromise } from './secret-store-promise.ts'
import { keepsTheSegmentStorePromise } from './segment-store-promise.ts'
import { keepsTheSessionStorePromise } from './session-store-promise.ts'
import { keepsTheWorkspaceStorePromise } from './workspace-store-promise.ts'

const aws = useAws()
const open = () => aws.fresh()

keepsTheSessionStorePromise('DynamoDB', async () => openDynamoSessionStore(await open()))
keepsTheLedgerPromise(
  'DynamoDB',
  async () => {
    const world = await open()
    return { sessions: openDynamoSessionStore(world), ledger: openDynamoLedger(world) }
  },
  6,
)
keepsTheAuditLogPromise('DynamoDB', async () => {
  const world = await open()
  return { audit: openDynamoAuditLog(world), sessions: openDynamoSessionStore(world), ledger: openDynamoLedger(world) }
})
keepsThePriceStorePromise('DynamoDB', async () => openDynamoPriceStore(await open()))
keepsTheInboxStorePromise('DynamoDB', async () => openDynamoInboxStore(await open()))
keepsTheWorkspaceStorePromise('DynamoDB', async () => openDynamoWorkspaceStore({ ...(await open()), volumes: noVolumes }))
keepsTheBundleStorePromise('S3', async () => openS3BundleStore(await open()))
keepsTheSecretStorePromise('Secrets Manager', async () => openSecretsManagerSecretStore(await open()))

const wholeRecords = (bytes: Uint8Array) => {
  let count = 0
  let at = 0
  for (let length = recordLength(bytes, at); length !== undefined; length = recordLength(bytes, at)) {
    at += length
    count += 1
  }
  return { count, bytes: bytes.subarray(0, at) }
}

keepsTheSegmentStorePromise('S3', async () => {
  const world = await open()
  const store = openS3SegmentStore(world)
  const spooled = new Map<string, Uint8Array>()
  return {
    store,
    // As a machine does: what is whole is uploaded and sealed, what is torn never leaves it.
    write: async (session, attempt, first, bytes) => {
      const key = `sessions/${session}/log/${attempt}/${String(first).padStart(12, '0')}`
      const all = Buffer.concat([spooled.get(key) ?? new Uint8Array(0), bytes])
      spooled.set(key, all)
      const whole = wholeRecords(all)
      const body = gzipSync(whole.bytes)
      await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key: key, Body: body }))
      await store.seal(session, attempt, { first, last: first + whole.count - 1, bytes: body.length, final: false })
    },
  }
})
