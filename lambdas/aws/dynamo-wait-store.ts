import type { MoveName } from '../../core/lifecycle/next-move.ts'
import { type Dynamo, isConditionFailed } from './dynamo.ts'

/** A callback that the state machine waits for, until (milliseconds since 1970) it gives up by itself. */
export type Wait = { token: string; for: MoveName; until: number }

export interface WaitStore {
  /** The one wait of a session: a later one replaces it. */
  put(session: string, wait: Wait): Promise<void>
  get(session: string): Promise<Wait | undefined>
  /** Only if it is still that one. May be repeated. */
  remove(session: string, token: string): Promise<void>
}

const key = (session: string) => ({ pk: { S: `S#${session}` }, sk: { S: 'wait' } })

/** Item `S#<session>` / `wait`. Read consistently: whoever stores a fact must see a wait that was stored before. */
export const openDynamoWaitStore = ({ dynamo, tableName }: { dynamo: Dynamo; tableName: string }): WaitStore => ({
  put: async (session, wait) => {
    const Item = {
      ...key(session),
      token: { S: wait.token },
      for: { S: wait.for },
      until: { N: String(wait.until) },
    }
    await dynamo.send('PutItem', { TableName: tableName, Item })
  },
  get: async (session) => {
    const { Item } = await dynamo.send('GetItem', { TableName: tableName, Key: key(session), ConsistentRead: true })
    const token = Item?.['token']?.S
    return token ? { token, for: Item?.['for']?.S as MoveName, until: Number(Item?.['until']?.N) } : undefined
  },
  remove: async (session, token) => {
    try {
      await dynamo.send('DeleteItem', {
        TableName: tableName,
        Key: key(session),
        ConditionExpression: '#token = :token',
        ExpressionAttributeNames: { '#token': 'token' },
        ExpressionAttributeValues: { ':token': { S: token } },
      })
    } catch (error) {
      if (!isConditionFailed(error)) throw error // another wait has replaced it
    }
  },
})
