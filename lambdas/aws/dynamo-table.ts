import type { AttributeValue, BatchGetItemOutput, QueryInput, QueryOutput, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { asked } from './aws-refusal.ts'
import { type Dynamo, isCancelledByCondition, isConditionFailed } from './dynamo.ts'
import { pastConflicts } from './past-conflicts.ts'
import type { IndexName } from './table.ts'

export type Item = Record<string, AttributeValue>
export type Key = { pk: string; sk: string }
/** Attributes are written `#name`, values `:name` (in `values`, without the colon). */
export type Condition = { if: string; values?: Item }
export type Put = { put: Item } & Partial<Condition>
export type Update = { update: Key; set?: Item; add?: Item; remove?: readonly string[] } & Partial<Condition>
export type Query = {
  index?: IndexName
  where: string
  values: Item
  newestFirst?: boolean
  /** Of items, over all pages; default: every one. */
  limit?: number
}

/** Most items one call reads, by AWS's limit. */
const BATCH = 100

export const text = (value: AttributeValue | undefined): string => value?.S ?? ''
export const number = (value: AttributeValue | undefined): number => Number(value?.N ?? 0)
export const S = (value: string): AttributeValue => ({ S: value })
export const N = (value: number): AttributeValue => ({ N: String(value) })
export const keyOf = ({ pk, sk }: Key): Item => ({ pk: S(pk), sk: S(sk) })

const names = (expression: string) => {
  const found = Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([alias, name]) => [alias, name ?? '']))
  return Object.keys(found).length > 0 ? { ExpressionAttributeNames: found } : {}
}
const values = (given: Item) => {
  const entries = Object.entries(given).map(([name, value]) => [`:${name}`, value])
  return entries.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(entries) } : {}
}

const putInput = (TableName: string, { put, if: condition, values: given = {} }: Put) => ({
  TableName,
  Item: put,
  ...(condition ? { ConditionExpression: condition, ...names(condition), ...values(given) } : {}),
})

const updateInput = (
  TableName: string,
  { update, set = {}, add = {}, remove = [], if: condition, values: given = {} }: Update,
) => {
  const sets = Object.keys(set).map((name) => `#${name} = :${name}`)
  const parts = [
    sets.length > 0 ? `SET ${sets.join(', ')}` : '',
    Object.keys(add).length > 0
      ? `ADD ${Object.keys(add)
          .map((name) => `#${name} :${name}`)
          .join(', ')}`
      : '',
    remove.length > 0 ? `REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '',
  ]
  const UpdateExpression = parts.join(' ').trim()
  return {
    TableName,
    Key: keyOf(update),
    UpdateExpression,
    ...(condition ? { ConditionExpression: condition } : {}),
    ...names(`${UpdateExpression} ${condition ?? ''}`),
    ...values({ ...given, ...set, ...add }),
  }
}

const unlessConditionFailed = async (call: Promise<unknown>): Promise<boolean> => {
  try {
    await call
    return true
  } catch (error) {
    if (isConditionFailed(error)) return false
    throw error
  }
}

export type TableOptions = { dynamo: Dynamo; tableName: string }
export type Table = ReturnType<typeof openTable>

/** The table, in the calls that stores need. Conflicts with other writers are tried again; throttling throws `unavailable`. */
export const openTable = ({ dynamo, tableName: TableName }: TableOptions) => {
  const ask = <T>(call: () => Promise<T>): Promise<T> => asked('the table', pastConflicts(call))

  const query = async ({ index, where, values: given, newestFirst = false, limit }: Query): Promise<Item[]> => {
    const found: Item[] = []
    let input: QueryInput | undefined = {
      TableName,
      KeyConditionExpression: where,
      ...names(where),
      ...values(given),
      ScanIndexForward: !newestFirst,
      ...(index ? { IndexName: index } : { ConsistentRead: true }), // an index cannot be read consistently
      ...(limit === undefined ? {} : { Limit: limit }),
    }
    while (input) {
      const wanted: QueryInput = input
      const page: QueryOutput = await ask(() => dynamo.send('Query', wanted))
      found.push(...(page.Items ?? []))
      const isMore = page.LastEvaluatedKey && found.length < (limit ?? Number.POSITIVE_INFINITY)
      input = isMore ? { ...input, ExclusiveStartKey: page.LastEvaluatedKey } : undefined
    }
    return limit === undefined ? found : found.slice(0, limit)
  }

  const batch = async (keys: readonly Key[]): Promise<Item[]> => {
    const found: Item[] = []
    let wanted: Item[] | undefined = keys.map(keyOf)
    while (wanted && wanted.length > 0) {
      const RequestItems: Record<string, { Keys: Item[]; ConsistentRead: true }> = {
        [TableName]: { Keys: wanted, ConsistentRead: true },
      }
      const answer: BatchGetItemOutput = await ask(() => dynamo.send('BatchGetItem', { RequestItems }))
      found.push(...(answer.Responses?.[TableName] ?? []))
      wanted = answer.UnprocessedKeys?.[TableName]?.Keys // 16 MB at a time
    }
    return found
  }

  return {
    /** Consistent. */
    get: async (key: Key): Promise<Item | undefined> =>
      (await ask(() => dynamo.send('GetItem', { TableName, Key: keyOf(key), ConsistentRead: true }))).Item,
    /** Those that exist, consistent, in any order. */
    some: async (keys: readonly Key[]): Promise<Item[]> => {
      const parts = Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, n) => keys.slice(n * BATCH, (n + 1) * BATCH))
      return (await Promise.all(parts.map(batch))).flat()
    },
    /** In order of the sort key, from all pages; consistent unless it is of an index. */
    query,
    /** False when the condition did not hold. */
    put: (put: Put): Promise<boolean> => unlessConditionFailed(ask(() => dynamo.send('PutItem', putInput(TableName, put)))),
    /** Undefined when it was put; else what is there already, untouched. */
    putNew: async (item: Item): Promise<Item | undefined> => {
      const input = { TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }
      try {
        await ask(() => dynamo.send('PutItem', { ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))
        return undefined
      } catch (error) {
        if (isConditionFailed(error)) return error.Item ?? {}
        throw error
      }
    },
    update: (update: Update): Promise<boolean> =>
      unlessConditionFailed(ask(() => dynamo.send('UpdateItem', updateInput(TableName, update)))),
    delete: async (key: Key): Promise<void> => {
      await ask(() => dynamo.send('DeleteItem', { TableName, Key: keyOf(key) }))
    },
    /** All or nothing. False when one of the conditions did not hold. */
    write: async (parts: readonly (Put | Update)[]): Promise<boolean> => {
      const TransactItems = parts.map(
        (part): TransactWriteItem =>
          'put' in part ? { Put: putInput(TableName, part) } : { Update: updateInput(TableName, part) },
      )
      try {
        await ask(() => dynamo.send('TransactWriteItems', { TransactItems }))
        return true
      } catch (error) {
        if (isCancelledByCondition(error)) return false
        throw error
      }
    },
  }
}
