import { Readable } from 'node:stream'
import type { HttpRequest } from '@smithy/core/transport'
import { HttpResponse } from '@smithy/core/transport'
import { describe, expect, it } from 'vitest'
import { isCancelledByCondition, isConditionFailed, openDynamo } from '../../../lambdas/aws/dynamo.ts'

const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' }
type Answer = { statusCode: number; body: string } | Error

/** A table that answers in turn; the last answer stays. */
const answering = (...answers: Answer[]) => {
  const asked: HttpRequest[] = []
  const handle = async (request: HttpRequest) => {
    asked.push(request)
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    if (!answer || answer instanceof Error) throw answer
    const { statusCode, body } = answer
    return { response: new HttpResponse({ statusCode, headers: {}, body: Readable.from([Buffer.from(body)]) }) }
  }
  return { asked, handler: { handle } }
}
const inRegion = (region: string, { handler }: ReturnType<typeof answering>) => openDynamo({ region, credentials, handler })
const refused = (type: string, more: object = {}) => ({
  statusCode: 400,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no', ...more }),
})
const DONE = { statusCode: 200, body: '{}' }
const GET = { TableName: 't', Key: { pk: { S: 'a' } } }

describe('calls of DynamoDB', () => {
  it.each([
    ['eu-central-1', 'dynamodb.eu-central-1.amazonaws.com'],
    ['us-gov-west-1', 'dynamodb.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'dynamodb.cn-north-1.amazonaws.com.cn'],
  ])('go to the region they are of, %s, signed for it', async (region, hostname) => {
    const world = answering({ statusCode: 200, body: '{"Item":{"pk":{"S":"a"}}}' })
    expect(await inRegion(region, world).send('GetItem', GET)).toEqual({ Item: { pk: { S: 'a' } } })
    const [request] = world.asked
    expect(request).toMatchObject({ protocol: 'https:', hostname, method: 'POST', path: '/' })
    expect(request?.headers['authorization']).toMatch(
      new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIA/\\d{8}/${region}/dynamodb/aws4_request`),
    )
    expect(request?.headers).toMatchObject({ 'x-amz-target': 'DynamoDB_20120810.GetItem', 'x-amz-security-token': 'token' })
  })

  it.each<[string, Answer]>([
    ['a page of something in between', { statusCode: 503, body: '<html>try later</html>' }],
    ['an error of theirs', { statusCode: 500, body: '{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}' }],
    ['a connection that broke', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
  ])('are made again after %s, and the last word is told after four', async (_what, answer) => {
    const passing = answering(answer, DONE)
    expect(await inRegion('us-east-1', passing).send('GetItem', GET)).toEqual({})
    expect(passing.asked).toHaveLength(2)
    const staying = answering(answer)
    const thrown = answer instanceof Error ? answer : { $metadata: { httpStatusCode: answer.statusCode } }
    await expect(inRegion('us-east-1', staying).send('GetItem', GET)).rejects.toMatchObject(thrown)
    expect(staying.asked).toHaveLength(4)
  })

  it('are one transaction, however often its answer is lost', async () => {
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    const world = answering(lost, lost, DONE, DONE)
    const dynamo = inRegion('us-east-1', world)
    await dynamo.send('TransactWriteItems', { TransactItems: [] })
    await dynamo.send('TransactWriteItems', { TransactItems: [] })
    const tokens = world.asked.map(({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken)
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(tokens.slice(0, 3)).toEqual([tokens[0], tokens[0], tokens[0]])
    expect(tokens[3]).not.toBe(tokens[0])
  })

  it('that are refused are not repeated, and tell why', async () => {
    const condition = answering(refused('ConditionalCheckFailedException', { Item: { pk: { S: 'there' } } }))
    const thrown: unknown = await inRegion('us-east-1', condition)
      .send('PutItem', { TableName: 't', Item: {} })
      .catch((error: unknown) => error)
    expect(isConditionFailed(thrown) && thrown.Item).toEqual({ pk: { S: 'there' } })
    expect(isCancelledByCondition(thrown)).toBe(false)
    expect(condition.asked).toHaveLength(1)
    const reasons = (...codes: string[]) => ({ CancellationReasons: codes.map((Code) => ({ Code })) })
    const cancelled = (...codes: string[]) =>
      inRegion('us-east-1', answering(refused('TransactionCanceledException', reasons(...codes))))
        .send('TransactWriteItems', { TransactItems: [] })
        .catch((error: unknown) => error)
    expect(isCancelledByCondition(await cancelled('None', 'ConditionalCheckFailed'))).toBe(true)
    expect(isCancelledByCondition(await cancelled('TransactionConflict', 'None'))).toBe(false)
  })
})
