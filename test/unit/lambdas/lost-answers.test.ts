import { NodeHttpHandler } from '@smithy/node-http-handler'
import { describe, expect, it } from 'vitest'
import { openDynamo } from '../../../lambdas/aws/dynamo.ts'
import { openDynamoInboxStore } from '../../../lambdas/aws/dynamo-inbox-store.ts'
import { openDynamoSessionStore } from '../../../lambdas/aws/dynamo-session-store.ts'
import { openDynamoWorkspaceStore } from '../../../lambdas/aws/dynamo-workspace-store.ts'
import { sampleSession } from '../../promises/sample-session.ts'
import { useAws } from '../../support/aws-world.ts'
import { noVolumes } from '../../support/fakes/no-volumes.ts'

const aws = useAws()

/** A stack whose table does every call of that name, but the answer to the first is lost on the way, so that it is made again. */
const losing = async (call: string) => {
  const http = new NodeHttpHandler()
  let lost = 0
  const handle: typeof http.handle = async (request) => {
    const answer = await http.handle(request)
    if (!request.headers['x-amz-target']?.endsWith(`.${call}`) || lost > 0) return answer
    lost += 1
    throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' })
  }
  const dynamo = openDynamo({ ...aws.config(), handler: { handle } })
  return { ...(await aws.fresh()), dynamo, lost: () => lost }
}

describe('a call that was done, but whose answer was lost', () => {
  it('stores a message once', async () => {
    const world = await losing('PutItem')
    const store = openDynamoInboxStore(world)
    expect((await store.append('a', { kind: 'message', text: 'once' }, 'ada')).n).toBe(1)
    expect(await store.after('a', 0)).toHaveLength(1)
    expect(world.lost()).toBe(1)
  })

  it('makes a session once, which is the caller’s own', async () => {
    const world = await losing('TransactWriteItems')
    const store = openDynamoSessionStore(world)
    const session = sampleSession()
    const key = { value: 'k', bodyHash: 'h' }
    expect((await store.insert(session, key, { by: 'ada', what: 'dispatched' })).done).toBe('inserted')
    expect((await store.list({ active: false, limit: 10 })).sessions).toHaveLength(1)
    expect(world.lost()).toBe(1)
  })

  it('makes a workspace once, and tells its maker of no other of that name', async () => {
    const world = await losing('PutItem')
    const store = openDynamoWorkspaceStore({ ...world, volumes: noVolumes })
    const workspace = { name: 'a', runtime: 'cloud', sizeBytes: 1, createdAt: '2026-11-21T08:00:00.000Z' }
    expect(await store.create(workspace)).toEqual(workspace)
    expect(world.lost()).toBe(1)
    await expect(store.create(workspace)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('holds a workspace for the one who asked', async () => {
    const world = await losing('UpdateItem')
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
