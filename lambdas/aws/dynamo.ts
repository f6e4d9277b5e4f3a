import type {
  BatchGetItemInput,
  BatchGetItemOutput,
  DeleteItemInput,
  DeleteItemOutput,
  GetItemInput,
  GetItemOutput,
  PutItemInput,
  PutItemOutput,
  QueryInput,
  QueryOutput,
  TransactWriteItemsInput,
  TransactWriteItemsOutput,
  UpdateItemInput,
  UpdateItemOutput,
} from '@aws-sdk/client-dynamodb'
import { type AwsJsonOptions, openAwsJson } from './aws-json.ts'
import { awsName } from './aws-refusal.ts'

/** What is called, with the SDK's types: on the wire they are the same but for bytes, of which the table has none. */
type Calls = {
  BatchGetItem: [BatchGetItemInput, BatchGetItemOutput]
  DeleteItem: [DeleteItemInput, DeleteItemOutput]
  GetItem: [GetItemInput, GetItemOutput]
  PutItem: [PutItemInput, PutItemOutput]
  Query: [QueryInput, QueryOutput]
  TransactWriteItems: [TransactWriteItemsInput, TransactWriteItemsOutput]
  UpdateItem: [UpdateItemInput, UpdateItemOutput]
}

export type Dynamo = { send<Name extends keyof Calls>(call: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> }

/** DynamoDB. Throws as the SDK's client does, told by name: `isConditionFailed`, `isCancelledByCondition`. */
export const openDynamo = (options: AwsJsonOptions = {}): Dynamo => {
  const call = openAwsJson({ service: 'dynamodb', id: 'DYNAMODB', target: 'DynamoDB_20120810', version: '1.0' }, options)
  return {
    send: async (name, input) =>
      // A transaction whose answer was lost is made again as the same one, and answered as it was then.
      (await call(name, name === 'TransactWriteItems' ? { ClientRequestToken: crypto.randomUUID(), ...input } : input)) as never,
  }
}

/** Of one call. `Item`: what there is, where that was asked for. */
export const isConditionFailed = (error: unknown): error is Error & { Item?: GetItemOutput['Item'] } =>
  awsName(error) === 'ConditionalCheckFailedException'

/** Of a transaction: one of its conditions did not hold. */
export const isCancelledByCondition = (error: unknown): boolean =>
  awsName(error) === 'TransactionCanceledException' &&
  (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons?.some(
    ({ Code }) => Code === 'ConditionalCheckFailed',
  ) === true
