import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Dynamo, isCancelledByCondition, isConditionFailed } from './dynamo.ts'
import type { Round } from './launch-round.ts'

/** `at`: when (milliseconds since 1970) EC2 said so. */
export type Launched = { machine: string; zone: string; at: number }
/** A round is over when it has launched a machine or failed for good; until then it is made again, as it was. */
export type KnownRound = { round: Round; launched?: Launched | undefined; failed?: string | undefined }
/** In order. `fenced`: the attempt must not be launched any more. `joining`: machines of others that it has, or may have, joined. */
export type LaunchRecord = { rounds: KnownRound[]; fenced: boolean; joining: string[] }

export interface LaunchStore {
  /** Read consistently. */
  of(session: string, attempt: number): Promise<LaunchRecord>
  /** The round as it was frozen first, whoever froze it. */
  freeze(session: string, attempt: number, round: Round): Promise<Round>
  launched(session: string, attempt: number, round: number, launched: Launched): Promise<void>
  /** EC2 has answered that round with a failure: its token will never give a machine. */
  failed(session: string, attempt: number, round: number, code: string): Promise<void>
  /** It is about to join that machine. False when it is fenced. May be repeated. */
  joins(session: string, attempt: number, machine: string): Promise<boolean>
  /** May be repeated. */
  fence(session: string, attempt: number): Promise<void>
}

const prefix = (attempt: number) => `launch#${attempt}#`
const key = (session: string, attempt: number, what: string | number) => ({
  pk: { S: `S#${session}` },
  sk: { S: `${prefix(attempt)}${typeof what === 'number' ? String(what).padStart(4, '0') : what}` },
})

/** Items `S#<session>` / `launch#<attempt>#<round>`, `launch#<attempt>#join#<machine>` and `launch#<attempt>#fence`. */
export const openDynamoLaunchStore = ({ dynamo, tableName: TableName }: { dynamo: Dynamo; tableName: string }): LaunchStore => {
  const of = async (session: string, attempt: number): Promise<LaunchRecord> => {
    const { Items = [] } = await dynamo.send('Query', {
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: `S#${session}` }, ':prefix': { S: prefix(attempt) } },
    })
    const rounds = Items.flatMap(({ round, machine, zone, launchedAt, failed }) => {
      if (round?.S === undefined) return []
      const launched =
        machine?.S === undefined ? undefined : { machine: machine.S, zone: zone?.S ?? '', at: Number(launchedAt?.N ?? 0) }
      return [{ round: JSON.parse(round.S) as Round, launched, failed: failed?.S }]
    })
    const joining = Items.flatMap(({ joins }) => joins?.S ?? [])
    return { rounds, fenced: Items.some(({ fenced }) => fenced?.BOOL === true), joining }
  }
  const note = async (session: string, attempt: number, round: number, facts: Record<string, AttributeValue>) => {
    const names = Object.keys(facts)
    await dynamo.send('UpdateItem', {
      TableName,
      Key: key(session, attempt, round),
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, facts[name] as AttributeValue])),
    })
  }

  return {
    of,
    freeze: async (session, attempt, round) => {
      const Item = { ...key(session, attempt, round.number), round: { S: JSON.stringify(round) } }
      try {
        await dynamo.send('PutItem', { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' })
        return round
      } catch (error) {
        if (!isConditionFailed(error)) throw error
        const known = (await of(session, attempt)).rounds.find(({ round: one }) => one.number === round.number)
        if (!known) throw error
        return known.round
      }
    },
    launched: (session, attempt, round, { machine, zone, at }) =>
      note(session, attempt, round, { machine: { S: machine }, zone: { S: zone }, launchedAt: { N: String(at) } }),
    failed: (session, attempt, round, code) => note(session, attempt, round, { failed: { S: code } }),
    // Whoever fences reads afterwards which machines there are: it sees this one, or this is refused.
    joins: async (session, attempt, machine) => {
      const Put = { TableName, Item: { ...key(session, attempt, `join#${machine}`), joins: { S: machine } } }
      const Key = key(session, attempt, 'fence')
      const ConditionCheck = { TableName, Key, ConditionExpression: 'attribute_not_exists(pk)' }
      try {
        await dynamo.send('TransactWriteItems', { TransactItems: [{ Put }, { ConditionCheck }] })
        return true
      } catch (error) {
        if (isCancelledByCondition(error)) return false
        throw error
      }
    },
    fence: async (session, attempt) => {
      await dynamo.send('PutItem', { TableName, Item: { ...key(session, attempt, 'fence'), fenced: { BOOL: true } } })
    },
  }
}
