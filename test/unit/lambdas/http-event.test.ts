import { describe, expect, it } from 'vitest'
import { createApi } from '../../../core/api/create-api.ts'
import { launchedFor } from '../../../core/domain/shared-machine.ts'
import { admission } from '../../../lambdas/aws/identity.ts'
import { type HttpEvent, openHttpHandler } from '../../../lambdas/http-event.ts'
import { launchedSession } from '../../support/running-session.ts'

const ROLE = 'remote-machine'
const MACHINE = { userArn: `arn:aws:sts::1:assumed-role/${ROLE}/i-1`, callerId: 'AROA:i-1' }
const ADA = { userArn: 'arn:aws:iam::1:user/ada', callerId: 'AIDA' }

/** The API in a function, with one machine that works for one session. */
const world = async () => {
  const { plane, id } = await launchedSession()
  const about = async () => ({ version: '1', runtimes: ['cloud'], startedAt: '', activeSessions: 0 })
  const of = async (machine: string) => (machine === 'i-1' ? launchedFor({ session: id, attempt: 1 }) : undefined)
  const handler = openHttpHandler(createApi(plane, about), admission({ machines: { of }, machineRole: ROLE }), '1.2.3')
  const call = async (iam: typeof ADA | undefined, method: string, rawPath: string, body?: unknown, headers = {}) => {
    const event = {
      version: '2.0',
      routeKey: 'ANY /v1/{proxy+}',
      rawPath,
      rawQueryString: '',
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      isBase64Encoded: false,
      requestContext: { http: { method, path: rawPath }, authorizer: iam && { iam }, domainName: 'api.example' },
    } as unknown as HttpEvent
    const answer = (await handler(event, {} as never)) as { statusCode: number; body: string; headers: Record<string, string> }
    return { status: answer.statusCode, headers: answer.headers, json: answer.body ? JSON.parse(answer.body) : undefined }
  }
  return { call, id, plane }
}

describe('the API behind API Gateway', () => {
  it('knows who calls from IAM, whatever a header says', async () => {
    const { call } = await world()
    const { status, json, headers } = await call(
      ADA,
      'POST',
      '/v1/sessions',
      { task: 'echo', agent: 'shell' },
      { 'x-remote-by': 'eve' },
    )
    expect({ status, by: json.by, version: headers['x-remote-version'] }).toEqual({ status: 201, by: 'ada', version: '1.2.3' })
  })

  it('answers a machine for its own attempt alone', async () => {
    const { call, id } = await world()
    expect((await call(MACHINE, 'POST', `/v1/runner/${id}/1/hello`, { runnerVersion: '1' })).status).toBe(200)
    for (const path of ['/v1/sessions', `/v1/runner/${id}/2/hello`, `/v1/runner/${id}/1/../../../sessions`, '/v1/secrets'])
      expect((await call(MACHINE, 'GET', path)).status, path).toBe(409)
  })

  it('lets no person speak as a machine, and nobody without a signature at all', async () => {
    const { call, id } = await world()
    const done = { outcome: { outcome: 'succeeded', code: 'exit', reason: 'x' }, lastSeq: 0, inboxHandled: 0 }
    for (const path of [`/v1/runner/${id}/1/done`, `/v1/%72unner/${id}/1/done`])
      expect((await call(ADA, 'POST', path, done)).status, path).toBe(409)
    expect((await call(undefined, 'GET', '/v1/sessions')).status).toBe(409)
  })
})
