import {
  DescribeExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Cloud, openCloud, REGION } from './cloud.ts'
import { deploySample, type SampleOutputs } from './sample-stack.ts'
import { until } from './until.ts'

let cloud: Cloud
let out: SampleOutputs
let sfn: SFNClient

beforeAll(async () => {
  cloud = await openCloud()
  out = await deploySample(cloud)
  sfn = new SFNClient({ region: REGION, endpoint: cloud.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
})
afterAll(() => cloud?.close())

const start = async (name: string, input: object) => {
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: out.Machine, name, input: JSON.stringify(input) }),
  )
  return executionArn ?? ''
}
const ended = (executionArn: string) =>
  until('the execution ends', async () => {
    const { status, output, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }))
    return status === 'RUNNING' ? undefined : { status, error, cause, output: output && JSON.parse(output) }
  })
const tokens = () => [...cloud.lambdas.log(out.FunctionName).matchAll(/TOKEN (\S+)/g)].map(([, token]) => token ?? '')

it('a function runs from its zip, in its own environment, with the credentials of its role', async () => {
  const first = JSON.parse((await cloud.lambdas.invoke(out.FunctionName, '{"environment":true}')).payload)
  const second = JSON.parse((await cloud.lambdas.invoke(out.FunctionName, '{"environment":true}')).payload)
  expect(first).toMatchObject({ colour: 'green', role: expect.stringMatching(/^ASIA/) })
  // It starts cold once.
  expect(second.pid).toBe(first.pid)
})

it('what a function throws has its name, and one that takes too long is ended', async () => {
  const thrown = await cloud.lambdas.invoke(out.FunctionName, '{"fail":"Refused"}')
  expect(thrown).toMatchObject({ failed: true })
  expect(JSON.parse(thrown.payload)).toMatchObject({ errorType: 'Refused', errorMessage: 'Refused' })
  const late = await cloud.lambdas.invoke(out.FunctionName, '{"hang":true}')
  expect(JSON.parse(late.payload)).toMatchObject({ errorType: 'Sandbox.Timedout' })
})

it("a state machine catches a function's error by its name", async () => {
  const execution = await start('refused', { call: { fail: 'Refused' }, seconds: 5 })
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: { end: 'refused' } })
})

it('a state waits for its token, and heartbeats keep it waiting', async () => {
  const before = tokens().length
  const execution = await start('token', { call: {}, seconds: 20 })
  const taskToken = await until('the token is there', async () => tokens()[before])
  for (const wait of [2000, 2000]) {
    await new Promise((resolve) => setTimeout(resolve, wait))
    await sfn.send(new SendTaskHeartbeatCommand({ taskToken }))
  }
  await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"done":true}' }))
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: { done: true } })
  const mine = (await cloud.control.executions()).find(({ name }) => name === 'token')
  expect(mine).toMatchObject({ states: ['Call', 'Wait'], transitions: 2 })
})

it('what is answered before the function has returned completes the state', async () => {
  const before = tokens().length
  const execution = await start('early', { call: {}, seconds: 20 })
  const taskToken = await until('the token is there', async () => tokens()[before])
  await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"early":true}' }))
  expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED', output: { early: true } })
})

it('a silent state ends by its heartbeat, a late one by the seconds in its input', async () => {
  const silent = await start('silent', { call: {}, seconds: 20 })
  const late = await start('late', { call: {}, seconds: 1 })
  expect(await ended(late)).toMatchObject({ output: { end: 'late' } })
  expect(await ended(silent)).toMatchObject({ output: { end: 'silent' } })
})

it('an event reaches the function that a rule names, and a scheduled rule fires when it is told to', async () => {
  await cloud.control.fire(out.Janitor, REGION)
  await until('the sweep', async () => (cloud.lambdas.log(out.FunctionName).includes('EVENT {"sweep":1}') ? true : undefined))
})

it('what moto has no type for is kept as it was written', async () => {
  const kinds = (await cloud.control.recorded()).map(({ type }) => type)
  expect(kinds).toEqual(expect.arrayContaining(['AWS::Budgets::Budget']))
  expect(out.Endpoint).toMatch(/^eice-[0-9a-f]{17}$/)
})

const signer = async (name: string, resource: string) => {
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow' as const, Action: 'execute-api:Invoke', Resource: resource }],
  }
  const user = await cloud.control.user(name, [policy])
  return { user, aws: new AwsClient({ ...user, region: REGION, service: 'execute-api', retries: 0 }) }
}

it('a signed request reaches the function in format 2.0 with who made it', async () => {
  const { aws, user } = await signer('ann', `arn:aws:execute-api:${REGION}:*:${out.HttpId}/$default/*/v1/*`)
  const response = await aws.fetch(`${out.Http}/v1/sessions/s-1?all=1&x=a%20b&x=c`, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json' },
  })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-seen')).toBe('yes')
  expect(await response.json()).toMatchObject({
    routeKey: 'ANY /v1/{proxy+}',
    rawPath: '/v1/sessions/s-1',
    queryStringParameters: { all: '1', x: 'a b,c' },
    pathParameters: { proxy: 'sessions/s-1' },
    body: '{"a":1}',
    isBase64Encoded: false,
    requestContext: {
      authorizer: { iam: { userArn: user.arn, accessKey: user.accessKeyId, callerId: user.userId } },
      http: { method: 'POST' },
    },
  })
  const bytes = await aws.fetch(`${out.Http}/v1/runner/s-1/1/hello`, { method: 'PUT', body: new Uint8Array([1, 2, 255]) })
  expect(await bytes.json()).toMatchObject({ routeKey: 'ANY /v1/runner/{proxy+}', body: 'AQL/', isBase64Encoded: true })
})

it('who is unknown, tampers, is late or has no policy for it is forbidden', async () => {
  const { aws, user } = await signer('bob', `arn:aws:execute-api:${REGION}:*:${out.HttpId}/$default/*/v1/runner/*`)
  const forbidden = async (response: Response) =>
    expect([response.status, await response.json()]).toEqual([403, { message: 'Forbidden' }])
  await forbidden(await fetch(`${out.Http}/v1/runner/a`))
  await forbidden(await aws.fetch(`${out.Http}/v1/sessions`))
  expect((await aws.fetch(`${out.Http}/v1/runner/a`)).status).toBe(201)
  const signed = await aws.sign(`${out.Http}/v1/runner/a`, { method: 'POST', body: 'one' })
  await forbidden(await fetch(new Request(signed.url, { method: 'POST', headers: signed.headers, body: 'two' })))
  const wrong = new AwsClient({ ...user, secretAccessKey: 'wrong', region: REGION, service: 'execute-api' })
  await forbidden(await wrong.fetch(`${out.Http}/v1/runner/a`))
  const datetime = new Date(Date.now() - 6 * 60_000).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')
  await forbidden(await aws.fetch(`${out.Http}/v1/runner/a`, { aws: { datetime } }))
  expect((await aws.fetch(`${out.Http}/other`)).status).toBe(404)
})

it('a body over 10 MB is refused before any function sees it', async () => {
  const { aws } = await signer('big', '*')
  const response = await aws.fetch(`${out.Http}/v1/x`, { method: 'PUT', body: new Uint8Array(10 * 1024 * 1024 + 1) })
  expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
})
