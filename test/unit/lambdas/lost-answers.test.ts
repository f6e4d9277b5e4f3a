import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import { openDynamoInboxStore } from '../../../lambdas/aws/dynamo-inbox-store.ts'
import { openDynamoSessionStore } from '../../../lambdas/aws/dynamo-session-store.ts'
import { openDynamoWorkspaceStore } from '../../../lambdas/aws/dynamo-workspace-store.ts'
import { sampleSession } from '../../promises/sample-session.ts'
import { useAws } from '../../support/aws-world.ts'
import { noVolumes } from '../../support/fakes/no-volumes.ts'

const aws = useAws()

/** A stack whose table does every call of that name, but the answer to the first is lost on the way, so that the SDK calls again. */
const losing = async (command: string) => {
  const dynamo = new DynamoDBClient(aws.config())
  let lost = 0
  dynamo.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args)
      if (context['commandName'] !== command || lost > 0) return answer
      lost += 1
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })
    },
    { step: 'deserialize', priority: 'high' },
  )
  return { ...(await aws.fresh()), dynamo, lost: () => lost }
}

describe('a call that was done, but whose answer was lost', () => {
  it('stores a message once', async () => {
    const world = await losing('PutItemCommand')
    const store = openDynamoInboxStore(world)
    expect((await store.append('a', { kind: 'message', text: 'once' }, 'ada')).n).toBe(1)
    expect(await store.after('a', 0)).toHaveLength(1)
    expect(world.lost()).toBe(1)
  })

  it('makes a session once, which is the caller’s own', async () => {
    const world = await losing('TransactWriteItemsCommand')
    const store = openDynamoSessionStore(world)
    const session = sampleSession()
    const key = { value: 'k', bodyHash: 'h' }
    expect((await store.insert(session, key, { by: 'ada', what: 'dispatched' })).done).toBe('inserted')
    expect((await store.list({ active: false, limit: 10 })).sessions).toHaveLength(1)
    expect(world.lost()).toBe(1)
  })

  it('holds a workspace for the one who asked', async () => {
    const world = await losing('UpdateItemCommand')
    const store = openDynamoWorkspaceStore({ ...world, volumes: noVolumes })
    await store.create({ name: 'a', runtime: 'cloud', sizeBytes: 1, createdAt: '2026-11-21T08:00:00.000Z' })
    expect(await store.hold('a', 's-1')).toBe(true)
    expect(world.lost()).toBe(1)
  })
})

describe('lists longer than one answer', () => {
  it('more messages than a query answers with are all read, in order', async () => {
    const world = await aws.fresh()
    const store = openDynamoInboxStore(world)
    for (let n = 0; n < 140; n += 1) await store.append('a', { kind: 'message', text: `${n} ${'x'.repeat(7900)}` }, 'ada')
    await aws.control().forgetCalls()
    const items = await store.after('a', 0)
    expect(items.map(({ n }) => n)).toEqual(Array.from({ length: 140 }, (_, n) => n + 1))
    const queries = (await aws.control().calls()).filter(({ action }) => action === 'Query')
    expect(queries.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(1)
  })
})
