import { QueryCommand } from '@aws-sdk/client-dynamodb'
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
} from '@aws-sdk/client-secrets-manager'
import { describe, expect, it } from 'vitest'
import { openSealedTexts } from '../../../lambdas/aws/dynamo-sealed-texts.ts'
import { openDynamoSessionStore } from '../../../lambdas/aws/dynamo-session-store.ts'
import { openTable } from '../../../lambdas/aws/dynamo-table.ts'
import { newSealingKey, openText, sealText } from '../../../lambdas/aws/sealed-text.ts'
import { openSecretsManagerSecretStore } from '../../../lambdas/aws/secrets-manager-secret-store.ts'
import { sweepKeptSecrets } from '../../../lambdas/aws/sweep-kept-secrets.ts'
import { sampleSession } from '../../promises/sample-session.ts'
import { useAws } from '../../support/aws-world.ts'

const aws = useAws()
const opened = async () => {
  const world = await aws.fresh()
  return { world, store: openSecretsManagerSecretStore(world) }
}

describe('secrets in Secrets Manager', () => {
  it('each has the stack’s name and tag, so that a stack sees its own alone', async () => {
    const { world, store } = await opened()
    await store.set('TOKEN', 'hunter-two')
    const found = await world.client.send(new DescribeSecretCommand({ SecretId: `remote/${world.stack}/TOKEN` }))
    expect(found.Tags).toEqual([{ Key: 'remote:stack', Value: world.stack }])
    const other = openSecretsManagerSecretStore({ ...(await aws.fresh()), stack: `${world.stack}-2` })
    expect(await other.list()).toEqual([])
    await expect(other.values(['TOKEN'])).rejects.toMatchObject({ code: 'refused' })
  })

  it('lists of any length are whole, and open no secret', async () => {
    const { store } = await opened()
    await Promise.all(Array.from({ length: 120 }, (_, n) => store.set(`S${n}`, `value number ${n}`)))
    await aws.control().forgetCalls()
    const listed = await store.list()
    expect(listed).toHaveLength(120)
    expect(listed[0]).toEqual({ name: 'S0', setAt: expect.stringMatching(/^20.*Z$/), bytes: 14 })
    const calls = (await aws.control().calls()).filter(({ service }) => service === 'secretsmanager')
    expect(new Set(calls.map(({ action }) => action))).toEqual(new Set(['ListSecrets']))
    const values = await store.values(listed.slice(0, 60).map(({ name }) => name))
    expect(Object.keys(values)).toHaveLength(60)
  })

  it('one that was marked to be deleted from outside is missing, and can be set again', async () => {
    const { world, store } = await opened()
    await store.set('TOKEN', 'hunter-two')
    await world.client.send(new DeleteSecretCommand({ SecretId: `remote/${world.stack}/TOKEN`, RecoveryWindowInDays: 7 }))
    await expect(store.values(['TOKEN'])).rejects.toMatchObject({ code: 'refused' })
    expect(await store.delete('TOKEN')).toBe(false)
    await store.set('TOKEN', 'hunter-three')
    expect(await store.values(['TOKEN'])).toEqual({ TOKEN: 'hunter-three' })
  })

  it('a value that Secrets Manager cannot hold is refused by name, never quoted', async () => {
    const { store } = await opened()
    const refused = await store.set('BIG', '漢'.repeat(40_000)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'too_large', message: expect.stringContaining('BIG') })
    expect(String(refused)).not.toContain('漢')
    await expect(store.keep('s-1', { A: 'x'.repeat(40_000), B: 'y'.repeat(40_000) })).rejects.toMatchObject({ code: 'too_large' })
  })

  it('a session has one secret: an object of its values for its machine, and nothing readable of the rest', async () => {
    const { world, store } = await opened()
    await store.keep('s-1', { KEY: 'the value', OTHER: 'another', ':request': '{"task":"use the value"}' })
    const { SecretList = [] } = await world.client.send(
      new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [`remote/${world.stack}/`] }] }),
    )
    expect(SecretList.map(({ Name }) => Name)).toEqual([`remote/${world.stack}/s-1`])
    const granted = await store.granted('s-1')
    expect(granted).toEqual([{ name: 's-1', arn: SecretList[0]?.ARN, json: true }])
    const { SecretString = '' } = await world.client.send(new GetSecretValueCommand({ SecretId: granted[0]?.arn }))
    const { ':key': _, ...values } = JSON.parse(SecretString) as Record<string, string>
    expect(values).toEqual({ KEY: 'the value', OTHER: 'another' })
    const { Items } = await world.sdk.send(
      new QueryCommand({
        TableName: world.tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'S#s-1' } },
      }),
    )
    expect(Items).toHaveLength(1)
    expect(JSON.stringify(Items)).not.toContain('value')
    expect(await store.granted('s-2')).toEqual([])
  })

  it('a session that waits is not read with every beat, and no longer remembered than some minutes', async () => {
    let now = Date.now()
    const store = openSecretsManagerSecretStore(await aws.fresh({ now: () => now }))
    await store.keep('s-1', { KEY: 'the value' })
    await aws.control().forgetCalls()
    for (let beat = 0; beat < 20; beat += 1) {
      expect(await store.kept('s-1')).toEqual({ KEY: 'the value' })
      now += 30_000
    }
    const calls = (await aws.control().calls()).filter(({ action }) => action === 'GetSecretValue')
    expect(calls.map(({ count }) => count)).toEqual([2])
  })

  it('what is forgotten cannot be read again, even from what is left of it', async () => {
    const { world, store } = await opened()
    await store.keep('s-1', { KEY: 'the value', ':request': 'x'.repeat(50_000) })
    await store.forget('s-1')
    await store.keep('s-1', { KEY: 'the next value' })
    expect(await store.kept('s-1')).toEqual({ KEY: 'the next value' })
    expect(await openSealedTexts(openTable(world), world.large).of('s-1', newSealingKey())).toEqual([])
  })

  it('values kept at the same time are all kept, also those for the machine', async () => {
    const { store } = await opened()
    await Promise.all(Array.from({ length: 5 }, (_, n) => store.keep('s-1', { [`V${n}`]: `value ${n}` })))
    expect(Object.keys(await store.kept('s-1'))).toHaveLength(5)
  })

  it('what a crash or an end left behind is forgotten after an hour, and nothing else', async () => {
    const { world, store } = await opened()
    const sessions = openDynamoSessionStore(world)
    const [active, ended, never] = ['s-aaaaaaaaaa', 's-bbbbbbbbbb', 's-cccccccccc']
    await sessions.insert(sampleSession({ id: active }), undefined, { by: 'ada', what: 'dispatched' })
    await sessions.insert(sampleSession({ id: ended, state: 'ended' }), undefined, { by: 'ada', what: 'dispatched' })
    for (const id of [active, ended, never]) await store.keep(id, { KEY: 'the value' })
    await store.set('KEY', 'the value')
    expect(await sweepKeptSecrets({ secrets: store, sessions, clock: world.clock })([])).toEqual([])
    const later = { now: () => Date.now() + 3_700_000 }
    expect((await sweepKeptSecrets({ secrets: store, sessions, clock: later })([])).sort()).toEqual([ended, never])
    expect([await store.kept(active), await store.kept(never)]).toEqual([{ KEY: 'the value' }, {}])
    expect(await store.values(['KEY'])).toEqual({ KEY: 'the value' })
  })

  it('of a list of names each has its address, or the first that is missing is named', async () => {
    const { store } = await opened()
    await store.set('A', 'value of a')
    expect(await store.arns(['A'])).toEqual([{ name: 'A', arn: expect.stringMatching(/^arn:aws:secretsmanager:/) }])
    await expect(store.arns(['A', 'B'])).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('B') })
  })

  it('a throttled Secrets Manager is unavailable for now', async () => {
    const { store } = await opened()
    await aws.control().fault({ service: 'secretsmanager', code: 'ThrottlingException' })
    await expect(store.kept('s-1')).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
    await aws.control().clearFaults()
    expect(await store.kept('s-1')).toEqual({})
  })
})

describe('sealed texts', () => {
  it('open with their key at their place alone, and not when changed', async () => {
    const key = newSealingKey()
    const sealed = await sealText(key, 'here', 'ünï "text"')
    expect(await openText(key, 'here', sealed)).toBe('ünï "text"')
    expect(await sealText(key, 'here', 'ünï "text"')).not.toBe(sealed)
    const changed = Buffer.from(sealed, 'base64')
    changed[20] = (changed[20] ?? 0) ^ 1
    await expect(openText(key, 'there', sealed)).rejects.toThrow()
    await expect(openText(newSealingKey(), 'here', sealed)).rejects.toThrow()
    await expect(openText(key, 'here', changed.toString('base64'))).rejects.toThrow()
  })
})
