import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ERRORS } from '../../core/contract/remote-error.ts'
import { type CloudWorld, openCloudWorld } from './cloud-world.ts'

let here: CloudWorld
beforeAll(async () => {
  here = await openCloudWorld({ on: 'cloud' })
})
afterAll(() => here.close())
beforeEach(() => {
  here.know()
  here.cloud.refusals.length = 0
})

/** A verb that asks the cloud once, and this machine never. */
const ASK = ['secrets', 'list']
const env = (more: Record<string, string>) => ({ env: { ...here.world.env, ...more } })
const says = (...parts: string[]) => expect.stringMatching(new RegExp(parts.join('[\\s\\S]*')))

const FORBIDDEN = { status: 403, body: '{"message":"Forbidden"}' }
const minutesFromNow = (minutes: number) => ({ date: new Date(Date.now() + minutes * 60_000).toUTCString() })

it.each([
  ['access is denied: which action', FORBIDDEN, 'no_credentials', ['may not use execute-api:Invoke on the API of stack remote']],
  [
    'access is denied by a policy that AWS names',
    {
      status: 403,
      body: '{"Message":"User: arn:aws:iam::1:user/a is not authorized to perform: execute-api:Invoke on resource: x"}',
    },
    'no_credentials',
    ['may not use execute-api:Invoke'],
  ],
  [
    'the login has expired',
    { status: 403, body: '{"message":"The security token included in the request is expired"}' },
    'no_credentials',
    ['login has expired', 'aws sso login'],
  ],
  [
    'the keys are unknown',
    { status: 403, body: '{"message":"The security token included in the request is invalid."}' },
    'no_credentials',
    ['does not know these credentials'],
  ],
  [
    'the clock is late',
    { ...FORBIDDEN, headers: minutesFromNow(7) },
    'refused',
    ['clock is 7 minutes behind AWS', 'set the clock'],
  ],
  ['the clock is early', { ...FORBIDDEN, headers: minutesFromNow(-61) }, 'refused', ['clock is 61 minutes ahead of AWS']],
  [
    'the region is wrong',
    { status: 403, body: '{"message":"Credential should be scoped to a valid region, not \'us-east-1\'."}' },
    'refused',
    ['not in us-east-1', 'cloud use --region'],
  ],
  ['it is too large', { status: 413, body: '{"message":"Request Entity Too Large"}' }, 'too_large', ['10 MB']],
  [
    'the control plane refuses in its own words',
    { status: 422, body: JSON.stringify({ code: 'not_supported', message: 'not so', hint: 'but so' }) },
    'not_supported',
    ['not so', 'but so'],
  ],
] as const)('%s', async (_, refusal, code, parts) => {
  here.cloud.refusals.push(refusal)
  expect(await here.run(ASK)).toEqual({ code: ERRORS[code].exit, out: '', err: says(...parts) })
})

it('throttling is waited out, and said when it takes long', async () => {
  here.cloud.refusals.push({ status: 429 }, { status: 429 }, { status: 503 })
  expect(await here.run(ASK)).toMatchObject({ code: 0, err: expect.not.stringContaining('throttling') })
  here.cloud.refusals.push(...Array.from({ length: 6 }, () => ({ status: 429 })))
  expect(await here.run(ASK)).toMatchObject({ code: 0, err: expect.stringContaining('AWS is throttling; trying again') })
})

it('what may have been done is not done twice: a message whose answer was lost is not sent again', async () => {
  const session = await here.dispatched()
  const calls = () => here.cloud.heard.filter(({ path }) => path.endsWith('/inbox')).length
  here.cloud.heard.length = 0
  // The one before finds the session.
  here.cloud.refusals.push(
    { status: 200, body: JSON.stringify(session) },
    { status: 502, body: '{"message":"Internal Server Error"}' },
  )
  expect(await here.run(['send', session.id, '--interrupt'])).toMatchObject({
    code: 75,
    err: says('failed to answer \\(502', 'logs tail'),
  })
  expect(calls()).toBe(1)
})

it('no credentials', async () => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = here.world.env
  const { code, stderr } = await here.world.cli(ASK, { env: { ...emptyKeys(rest) } })
  expect({ code, stderr }).toEqual({ code: 5, stderr: says('no AWS credentials were found', 'aws configure sso') })
})

/** A child inherits what is not said otherwise. */
const emptyKeys = (rest: Record<string, string>) => ({ ...rest, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })

it('a stack of another version: what to do on either side; one that only differs a little is a remark', async () => {
  here.cloud.version = '0.0.9'
  expect(await here.run(ASK)).toMatchObject({
    code: 5,
    err: says('version 0.0.9', 'remote cloud deploy --stack remote --region us-east-1'),
  })
  here.cloud.version = '0.7.0'
  expect(await here.run(ASK)).toMatchObject({ code: 5, err: says('version 0.7.0', 'install the newer remote') })
  here.cloud.version = '0.1.99'
  expect(await here.run(ASK)).toMatchObject({ code: 0, err: says('version 0.1.99', 'install the newer remote') })
  expect(await here.run([...ASK, '--quiet'])).toEqual({ code: 0, out: '', err: '' })
  here.cloud.version = '0.1.0'
})

it('an address that is gone is looked for anew, and that is said when AWS does not answer either', async () => {
  here.know({ apiUrl: 'http://127.0.0.1:1' })
  const patient = here.run(['status', '--json', '--all'], env({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }))
  expect((await patient).err).toMatch(/cloud is left out: the control plane in us-east-1 cannot be reached \(ECONNREFUSED\)/)
})

it('a viewer is refused as a call is', async () => {
  const session = await here.dispatched()
  here.cloud.refusals.push({ status: 200, body: JSON.stringify(session) }, FORBIDDEN)
  expect(await here.run(['attach', session.id])).toMatchObject({ code: 5, err: says('may not use execute-api:Invoke') })
})

it.each(['cloudy', 'cloud:', 'clod', 'ssh:host'])('--on %s', async (on) => {
  const { code, err } = await here.run(['dispatch', '--on', on, '--no-repo', '--agent', 'shell', 'true'])
  expect({ code, err }).toEqual({
    code: on === 'ssh:host' ? 5 : 2,
    err: says(on === 'ssh:host' ? '--on cloud' : 'is not a runtime'),
  })
})

it('a file of ours that somebody spoilt is named', async () => {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(here.file, '{"clouds": 1')
  expect(await here.run(ASK)).toMatchObject({ code: 74, err: says('clouds.json cannot be read', 'remote cloud use') })
})
