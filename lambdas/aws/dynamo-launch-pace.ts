import { awsName } from './aws-refusal.ts'
import { type Dynamo, isConditionFailed } from './dynamo.ts'

/**
 * How quickly machines are asked for, all sessions of the stack together. EC2 documents a bucket of 5 requests that fills by 2 a second for
 * RunInstances, and nothing for CreateFleet, which buys through it (2026-11-20,
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html). A little less than that leaves room for repeated requests.
 */
export const LAUNCH_RATE = { perSecond: 1.96, burst: 5 } as const

export interface LaunchPace {
  /** When (milliseconds since 1970) the attempt's launch may be asked for. The same attempt keeps its turn. */
  turn(session: string, attempt: number): Promise<number>
  /** EC2 said that it was too much: the attempt's next turn, behind all that were given meanwhile. */
  again(session: string, attempt: number): Promise<number>
}

export type TurnStore = {
  get(session: string, attempt: number): Promise<number | undefined>
  put(session: string, attempt: number, at: number): Promise<void>
  /** The next free moment, not before `floor`; whoever asks next gets one `stepMs` later. Undefined: too many ask at once. */
  take(floor: number, stepMs: number): Promise<number | undefined>
}

/** Nobody could tell the turn: not a turn, but a moment to ask again. */
const UNKNOWN_MS = { least: 1000, most: 10_000 } as const
/** Somebody else asks EC2 as well. */
const THROTTLED_MS = { least: 2000, most: 6000 } as const

/** A queue in time instead of one in memory: every attempt takes the next free moment, once, and comes back then. */
export const openLaunchPace = (store: TurnStore, now: () => number, random: () => number = Math.random): LaunchPace => {
  const stepMs = 1000 / LAUNCH_RATE.perSecond
  const aWhile = (least: number, most: number) => now() + least + random() * (most - least)

  const take = async (session: string, attempt: number, earliest: number): Promise<number> => {
    // What nobody has used fills the bucket, up to its size.
    const free = await store.take(now() - (LAUNCH_RATE.burst - 1) * stepMs, stepMs)
    if (free === undefined) return aWhile(UNKNOWN_MS.least, UNKNOWN_MS.most)
    const at = Math.ceil(Math.max(earliest, free))
    await store.put(session, attempt, at)
    return at
  }

  return {
    turn: async (session, attempt) => (await store.get(session, attempt)) ?? take(session, attempt, now()),
    again: (session, attempt) => take(session, attempt, aWhile(THROTTLED_MS.least, THROTTLED_MS.most)),
  }
}

const MAX_RACES = 5
/** Of an attempt that will have ended. */
const KEPT_SECONDS = 30 * 86_400
const TOO_MANY = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])

/** Items `pace` / `launch`, and `S#<session>` / `turn#<attempt>`. */
export const openDynamoTurnStore = ({ dynamo, tableName: TableName }: { dynamo: Dynamo; tableName: string }): TurnStore => {
  const key = (session: string, attempt: number) => ({ pk: { S: `S#${session}` }, sk: { S: `turn#${attempt}` } })
  const Key = { pk: { S: 'pace' }, sk: { S: 'launch' } }

  /** The value before it, or undefined when the condition does not hold. */
  const moved = async (expression: string, condition: string, values: Record<string, number>): Promise<number | undefined> => {
    const input = {
      TableName,
      Key,
      UpdateExpression: expression,
      ConditionExpression: condition,
      ExpressionAttributeNames: { '#free': 'free' },
      ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([name, n]) => [name, { N: String(n) }])),
      ReturnValues: 'ALL_NEW',
    } as const
    try {
      const { Attributes } = await dynamo.send('UpdateItem', input)
      return Number(Attributes?.['free']?.N)
    } catch (error) {
      if (isConditionFailed(error)) return undefined
      throw error
    }
  }

  return {
    get: async (session, attempt) => {
      const { Item } = await dynamo.send('GetItem', { TableName, Key: key(session, attempt), ConsistentRead: true })
      return Item && Number(Item['at']?.N)
    },
    put: async (session, attempt, at) => {
      const expires = Math.floor(at / 1000) + KEPT_SECONDS
      const Item = { ...key(session, attempt), at: { N: String(at) }, expires: { N: String(expires) } }
      await dynamo.send('PutItem', { TableName, Item })
    },
    take: async (floor, stepMs) => {
      const first = Math.floor(floor)
      const step = Math.round(stepMs)
      try {
        for (let race = 0; race < MAX_RACES; race++) {
          const queued = await moved('SET #free = #free + :step', '#free >= :floor', { ':step': step, ':floor': first })
          if (queued !== undefined) return queued - step
          const idle = 'attribute_not_exists(#free) OR #free < :floor'
          const begun = await moved('SET #free = :next', idle, { ':next': first + step, ':floor': first })
          if (begun !== undefined) return first
        }
        return undefined
      } catch (error) {
        if (TOO_MANY.has(awsName(error) ?? '')) return undefined
        throw error
      }
    },
  }
}
