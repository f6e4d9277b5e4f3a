import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { openDynamoWorkspaceStore } from '../../../lambdas/aws/dynamo-workspace-store.ts'
import { useAws } from '../../support/aws-world.ts'
import { noVolumes } from '../../support/fakes/no-volumes.ts'

const aws = useAws()
const workspace = (name: string) => ({ name, runtime: 'cloud', sizeBytes: 1024 ** 4, createdAt: '2026-11-21T08:00:00.000Z' })

describe('workspaces in DynamoDB', () => {
  it('what others note of the volume stays when a session holds and releases the workspace', async () => {
    const world = await aws.fresh()
    const store = openDynamoWorkspaceStore({ ...world, volumes: noVolumes })
    await store.create(workspace('a'))
    const Key = { pk: { S: 'W#a' }, sk: { S: 'workspace' } }
    await world.sdk.send(
      new UpdateItemCommand({
        TableName: world.tableName,
        Key,
        UpdateExpression: 'SET volume = :v',
        ExpressionAttributeValues: { ':v': { S: 'vol-1' } },
      }),
    )
    await store.hold('a', 's-1')
    await store.release('a', 's-1', { base: 'commit' })
    const { Item } = await world.sdk.send(new GetItemCommand({ TableName: world.tableName, Key }))
    expect(Item?.['volume']).toEqual({ S: 'vol-1' })
    expect(await store.get('a')).toEqual({ ...workspace('a'), volume: 'vol-1', base: 'commit', lastUsedAt: expect.any(String) })
  })

  it('the volume goes before the record, nobody takes the workspace meanwhile, and a failed deletion is repeated', async () => {
    const world = await aws.fresh()
    const seen: (boolean | undefined)[] = []
    let isAttached = true
    const store = openDynamoWorkspaceStore({
      ...world,
      volumes: {
        ...noVolumes,
        delete: async (name) => {
          seen.push(await store.hold(name, 's-late'))
          if (isAttached) throw new RemoteError('unavailable', 'the volume is attached still', { hint: 'try again' })
        },
      },
    })
    await store.create(workspace('a'))
    await expect(store.delete('a')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await store.get('a')).toEqual(workspace('a'))
    isAttached = false
    await store.delete('a')
    expect([await store.get('a'), await store.list()]).toEqual([undefined, []])
    expect(seen).toEqual([false, false])
  })

  it('of a hundred dispatches at once, one holds each workspace', async () => {
    const world = await aws.fresh()
    const store = openDynamoWorkspaceStore({ ...world, volumes: noVolumes })
    await Promise.all(['a', 'b'].map((name) => store.create(workspace(name))))
    const held = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => ({
        name: n % 2 === 0 ? 'a' : 'b',
        held: await store.hold(n % 2 === 0 ? 'a' : 'b', `s-${n}`),
      })),
    )
    expect(
      held
        .filter((each) => each.held)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a', 'b'])
  })

  it('lists are in order of names', async () => {
    const store = openDynamoWorkspaceStore({ ...(await aws.fresh()), volumes: noVolumes })
    for (const name of ['c', 'a', 'b']) await store.create(workspace(name))
    expect((await store.list()).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })
})
