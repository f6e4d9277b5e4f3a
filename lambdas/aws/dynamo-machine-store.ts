import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'

/** `notice`: why EC2 said it would take the machine. */
export type MachineWork = { session: string; attempt: number; notice?: string | undefined }

/** Which session's attempt a machine works for: how a machine that proves to be an instance is known. */
export interface MachineStore {
  /** Before the machine can say hello, or soon after: until then it is told to come again. May be repeated. */
  assign(machine: string, work: MachineWork): Promise<void>
  /** May be repeated. */
  noticed(machine: string, why: string): Promise<void>
  workOf(machine: string): Promise<MachineWork | undefined>
}

/** Records of machines that are long gone need not be kept. */
const KEPT_SECONDS = 90 * 86_400

const key = (machine: string) => ({ pk: { S: `M#${machine}` }, sk: { S: 'machine' } })

/** Item `M#<instance id>` / `machine`. */
export const openDynamoMachineStore = ({
  dynamo,
  tableName,
  now,
}: {
  dynamo: DynamoDBClient
  tableName: string
  now: () => number
}): MachineStore => ({
  assign: async (machine, { session, attempt }) => {
    const expires = Math.floor(now() / 1000) + KEPT_SECONDS
    const Item = { ...key(machine), session: { S: session }, attempt: { N: String(attempt) }, expires: { N: String(expires) } }
    await dynamo.send(new PutItemCommand({ TableName: tableName, Item }))
  },
  noticed: async (machine, why) => {
    const update = { UpdateExpression: 'SET notice = :why', ExpressionAttributeValues: { ':why': { S: why } } }
    await dynamo.send(new UpdateItemCommand({ TableName: tableName, Key: key(machine), ...update }))
  },
  workOf: async (machine) => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: tableName, Key: key(machine), ConsistentRead: true }))
    const session = Item?.['session']?.S
    return session === undefined ? undefined : { session, attempt: Number(Item?.['attempt']?.N), notice: Item?.['notice']?.S }
  },
})
