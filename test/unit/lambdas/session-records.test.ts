import { type AttributeValue, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { openDynamo } from '../../../lambdas/aws/dynamo.ts'
import { openDynamoSessionStore } from '../../../lambdas/aws/dynamo-session-store.ts'
import { openS3LargeTexts } from '../../../lambdas/aws/s3-large-texts.ts'
import { newSessionItem } from '../../../lambdas/aws/session-item.ts'
import { sampleSession } from '../../promises/sample-session.ts'
import { type AwsWorld, useAws } from '../../support/aws-world.ts'

const aws = useAws()
const dispatched = { by: 'ada', what: 'dispatched' }

const opened = async () => {
  const world = await aws.fresh()
  return { world, store: openDynamoSessionStore(world) }
}
const itemsOf = async ({ sdk, tableName }: AwsWorld, id: string) => {
  const values = { ':pk': { S: `S#${id}` } }
  const input = { TableName: tableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: values }
  return (await sdk.send(new QueryCommand(input))).Items ?? []
}
const sizeOf = (item: Record<string, AttributeValue>) => Buffer.byteLength(JSON.stringify(item))
const withTask = (task: string) => {
  const session = sampleSession()
  return { ...session, request: { ...session.request, task } }
}

describe('session records in DynamoDB', () => {
  it('a long task is written once, not with every beat: the item stays small', async () => {
    const { world, store } = await opened()
    const session = withTask('word '.repeat(50_000))
    await store.insert(session, undefined, dispatched)
    for (const item of await itemsOf(world, session.id)) expect(sizeOf(item)).toBeLessThan(4000)
    const { Contents } = await world.s3.send(new ListObjectsV2Command({ Bucket: world.bucket }))
    // Where its machine cannot write: a machine must not change what it was asked.
    expect(Contents?.map(({ Key }) => Key)).toEqual([expect.stringMatching(`^records/${session.id}/[0-9a-f]{64}$`)])
    const otherInstance = openDynamoSessionStore({ ...world, large: openS3LargeTexts(world) })
    expect(await otherInstance.get(session.id)).toEqual(session)
  })

  it('a short task needs no object', async () => {
    const { world, store } = await opened()
    await store.insert(withTask('echo hi'), undefined, dispatched)
    expect((await world.s3.send(new ListObjectsV2Command({ Bucket: world.bucket }))).KeyCount).toBe(0)
  })

  it('a beat is one request: an update that no index is touched by', async () => {
    const { world, store } = await opened()
    const session = sampleSession({ state: 'running' })
    await store.insert(session, undefined, dispatched)
    const before = (await itemsOf(world, session.id)).find(({ sk }) => sk?.S === 'record')
    await aws.control().forgetCalls()
    await store.save({ ...session, version: 2, heardAt: '2026-11-21T08:00:30.000Z' }, [])
    const calls = (await aws.control().calls()).filter(({ service }) => service === 'dynamodb')
    expect(calls.map(({ action, count }) => [action, count])).toEqual([['UpdateItem', 1]])
    const after = (await itemsOf(world, session.id)).find(({ sk }) => sk?.S === 'record')
    for (const name of ['listPk', 'listSk', 'activePk', 'activeSk', 'idPk', 'idSk']) expect(after?.[name]).toEqual(before?.[name])
  })

  it('what was removed from the end of a timeline, or from within it, is noticed', async () => {
    for (const n of ['00000003', '00000002']) {
      const { world, store } = await opened()
      const session = sampleSession()
      await store.insert(session, undefined, dispatched)
      await store.save({ ...session, version: 2 }, [
        { by: 'remote', what: 'one' },
        { by: 'remote', what: 'two' },
      ])
      expect((await store.timeline(session.id)).intact).toBe(true)
      const Key = { pk: { S: `S#${session.id}` }, sk: { S: `timeline#${n}` } }
      await world.sdk.send(new DeleteItemCommand({ TableName: world.tableName, Key }))
      expect((await store.timeline(session.id)).intact).toBe(false)
    }
  })

  it('a changed entry is noticed', async () => {
    const { world, store } = await opened()
    const session = sampleSession()
    await store.insert(session, undefined, dispatched)
    const Key = { pk: { S: `S#${session.id}` }, sk: { S: 'timeline#00000001' } }
    const { Item = {} } = await world.sdk.send(new GetItemCommand({ TableName: world.tableName, Key }))
    const entry = { S: Item['entry']?.S?.replace('ada', 'bob') ?? '' }
    await world.sdk.send(new PutItemCommand({ TableName: world.tableName, Item: { ...Item, entry } }))
    expect((await store.timeline(session.id)).intact).toBe(false)
  })

  it('a dispatch whose answer was lost is its own when it comes again, not somebody else’s', async () => {
    const { store } = await opened()
    const session = sampleSession()
    const key = { value: 'k', bodyHash: 'h' }
    await store.insert(session, key, dispatched)
    expect(await store.insert(session, key, dispatched)).toEqual({ done: 'inserted', session })
    await expect(store.insert(session, undefined, dispatched)).rejects.toMatchObject({ code: 'conflict' })
  })

  it.each(['x', '漢'])(
    'a page of long tasks (%s) ends before it is too large for a function’s answer, and the next goes on there',
    async (letter) => {
      const { store } = await opened()
      const sessions = Array.from({ length: 5 }, () => withTask(letter.repeat(1_000_000)))
      for (const session of sessions) await store.insert(session, undefined, dispatched)
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.list({ active: false, limit: 100, cursor })
        expect(Buffer.byteLength(JSON.stringify(page.sessions))).toBeLessThan(6_000_000)
        seen.push(...page.sessions.map(({ id }) => id))
        cursor = page.next
      } while (cursor !== undefined)
      expect(seen).toEqual(sessions.map(({ id }) => id).reverse())
    },
  )

  it('more sessions than one read takes are all listed, newest first', async () => {
    const { world, store } = await opened()
    const sessions = Array.from({ length: 130 }, (_, n) =>
      sampleSession({ createdAt: new Date(Date.UTC(2026, 10, 21) + n).toISOString() }),
    )
    const put = async (session: Session) => {
      const Item = await newSessionItem(session, world.large)
      await world.sdk.send(new PutItemCommand({ TableName: world.tableName, Item }))
    }
    await Promise.all(sessions.map(put))
    const { sessions: listed, next } = await store.list({ active: true, limit: 500 })
    expect(listed.map(({ id }) => id)).toEqual(sessions.map(({ id }) => id).reverse())
    expect(next).toBeUndefined()
    expect(await store.startingWith('s-0', 500)).toHaveLength(130)
  })

  it('a throttled table is unavailable for now, whatever was asked', async () => {
    const dynamo = openDynamo({ ...aws.config(), maxAttempts: 1 }) // its own repetitions only take time here
    const store = openDynamoSessionStore({ ...(await aws.fresh()), dynamo })
    const session = sampleSession()
    await store.insert(session, undefined, dispatched)
    for (const code of ['ProvisionedThroughputExceededException', 'RequestLimitExceeded']) {
      await aws.control().fault({ service: 'dynamodb', code })
      const retryable = { code: 'unavailable', name: 'Retryable' }
      await expect(store.get(session.id)).rejects.toMatchObject(retryable)
      await expect(store.save({ ...session, version: 2 }, [])).rejects.toMatchObject(retryable)
      await aws.control().clearFaults()
    }
    expect(await store.save({ ...session, version: 2 }, [])).toBe(true)
  })

  it('one throttled call is repeated and not noticed', async () => {
    const { store } = await opened()
    const session = sampleSession()
    await store.insert(session, undefined, dispatched)
    await aws.control().fault({ service: 'dynamodb', code: 'ProvisionedThroughputExceededException', times: 1 })
    expect(await store.save({ ...session, version: 2 }, [])).toBe(true)
  })
})
