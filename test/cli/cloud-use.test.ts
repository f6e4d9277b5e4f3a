import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { version } from '../../cli/version.ts'
import { KEYS } from '../support/is-signed.ts'
import { type Moto, startMoto } from '../support/moto.ts'
import { type CloudWorld, openCloudWorld, sceneOf } from './cloud-world.ts'

let moto: Moto
let here: CloudWorld
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(async () => {
  await here?.close()
  await moto?.stop()
})

const makeStack = async (region: string, name: string, outputs: Record<string, string>) => {
  const client = new CloudFormationClient({ ...moto.config, region })
  const Outputs = Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }]))
  const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } }, Outputs })
  await client.send(new CreateStackCommand({ StackName: name, TemplateBody }))
}

let stacks = 0
/** A stack in a region of its own name for each test, and a user who has not heard of it. */
beforeEach(async () => {
  await here?.close()
  here = await openCloudWorld({ used: false, on: '' })
  Object.assign(here.world.env, { AWS_ENDPOINT_URL: moto.config.endpoint })
})
const outputs = () => ({
  ApiUrl: `${here.cloud.apiUrl}/`,
  SocketUrl: here.cloud.socketUrl,
  BucketName: 'bucket',
  Version: version(),
})
const newStack = async (region = 'us-east-1') => {
  const name = `remote-${++stacks}`
  await makeStack(region, name, outputs())
  return name
}

it('finds the stack by its outputs, tries it, and makes it the default', async () => {
  const stack = await newStack()
  const { code, out, err } = await here.run(['cloud', 'use', '--stack', stack, '--region', 'us-east-1'])
  expect({ code, out }).toEqual({ code: 0, out: '' })
  expect(err).toMatch(new RegExp(`cloud is stack ${stack} in us-east-1, account 123456789012, version ${version()}`))
  expect(err).toContain('remote config set on local')
  expect((await here.run(['config', 'get', 'on'])).out).toBe('cloud\n')
  here.cloud.scene = sceneOf(here.cloud, ['there\n'])
  const ran = await here.run(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', 'echo there'])
  expect(ran).toEqual({ code: 0, out: 'there\n', err: '' })
  expect(here.hasDaemon()).toBe(false)
  const json = JSON.parse((await here.run(['cloud.use', '--stack', stack, '--json'])).out)
  expect(json).toMatchObject({
    runtime: 'cloud',
    stack,
    region: 'us-east-1',
    apiUrl: here.cloud.apiUrl,
    about: { version: version() },
  })
  expect(JSON.stringify(json) + readFileSync(here.file, 'utf8')).not.toMatch(new RegExp(Object.values(KEYS).join('|')))
})

it('another region is another runtime; of two that are as near, `cloud` is the one used last', async () => {
  here.cloud.regions.push('eu-west-1')
  const [first, second] = [await newStack('us-east-1'), await newStack('eu-west-1')]
  await here.run(['cloud', 'use', '--stack', second, '--region', 'eu-west-1'])
  const { err } = await here.run(['cloud', 'use', '--stack', first, '--region', 'us-east-1'])
  expect(err).toContain('also in use: cloud:eu-west-1')
  const { out } = await here.run(['__complete', '--', 'dispatch', '--on', 'cloud:'])
  expect(out).toContain(`cloud:eu-west-1\tstack ${second}`)
  here.cloud.regions.shift()
  const far = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', 'true', '--on']
  expect((await here.run([...far, 'cloud'])).err).toContain('(us-east-1)')
  expect((await here.run([...far, 'cloud:eu-west-1'])).out).toMatch(/^s-/)
})

it('two stacks of one region, and of two accounts, are told apart; one that is used again keeps its name', async () => {
  const [first, second] = [await newStack(), await newStack()]
  const use = async (stack: string) =>
    (await here.run(['cloud', 'use', '--stack', stack, '--region', 'us-east-1', '--quiet'])).out
  expect(await use(first)).toBe('cloud\n')
  expect(await use(second)).toBe(`cloud:us-east-1/${second}\n`)
  expect(await use(first)).toBe('cloud:us-east-1\n')
  // The same stack of another account, which is where the user's credentials led before.
  const kept = JSON.parse(readFileSync(here.file, 'utf8'))
  kept.clouds['us-east-1'].account = '999988887777'
  writeFileSync(here.file, JSON.stringify(kept))
  expect(await use(first)).toBe(`cloud:us-east-1/${first}\n`)
  expect(await use(first)).toBe(`cloud:us-east-1/${first}\n`)
  const { clouds, preferred } = JSON.parse(readFileSync(here.file, 'utf8'))
  expect(Object.keys(clouds)).toEqual(['us-east-1', `us-east-1/${second}`, `us-east-1/${first}`])
  expect(preferred).toBe(`us-east-1/${first}`)
})

it('how far each cloud is, is measured then, and kept', async () => {
  const [near, far] = [await newStack(), `far-${++stacks}`]
  await here.run(['cloud', 'use', '--stack', near, '--region', 'us-east-1'])
  here.cloud.regions.push('eu-west-1')
  await makeStack('eu-west-1', far, outputs())
  const { err } = await here.run(['cloud', 'use', '--stack', far, '--region', 'eu-west-1'])
  expect(err).toMatch(/cloud:eu-west-1 is stack .*, [\d.]+ ms away/)
  expect(err).toContain('remote config set on cloud:eu-west-1')
  const { clouds } = JSON.parse(readFileSync(here.file, 'utf8'))
  for (const { ms } of Object.values<{ ms?: number }>(clouds)) expect(ms).toBeGreaterThan(0)
})

it('a stack that moved is found anew without a word', async () => {
  const stack = await newStack()
  await here.run(['cloud', 'use', '--stack', stack])
  const kept = JSON.parse(readFileSync(here.file, 'utf8'))
  kept.clouds['us-east-1'].apiUrl = 'http://127.0.0.1:1'
  writeFileSync(here.file, JSON.stringify(kept))
  expect(await here.run(['secrets', 'list', '--json'])).toEqual({ code: 0, out: '{"secrets":[]}\n', err: '' })
  expect(JSON.parse(readFileSync(here.file, 'utf8')).clouds['us-east-1'].apiUrl).toBe(here.cloud.apiUrl)
})

it('--on cloud needs no word before when the stack has the usual name', async () => {
  await makeStack('ap-south-1', 'remote', outputs())
  const ran = await here.run(['secrets', 'list', '--json', '--on', 'cloud:ap-south-1'])
  // The API there is signed for another region, so it was found and asked.
  expect(ran).toMatchObject({
    code: 5,
    err: expect.stringContaining('execute-api:Invoke on the API of stack remote (ap-south-1)'),
  })
})

it.each([
  [['--stack', 'nowhere'], 3, 'there is no stack nowhere in us-east-1'],
  [['--region', 'us-esat'], 2, '`us-esat` is not an AWS region'],
])('cloud use %j is refused, and nothing is changed', async (words, code, says) => {
  expect(await here.run(['cloud', 'use', ...words])).toMatchObject({ code, err: expect.stringContaining(says) })
  expect(existsSync(here.file)).toBe(false)
  expect((await here.run(['config', 'get', 'on'])).code).toBe(1)
})

it('a stack of somebody else’s making is none of ours', async () => {
  await makeStack('us-east-1', 'other', { Url: 'x' })
  expect(await here.run(['cloud', 'use', '--stack', 'other'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('not one of remote'),
  })
})

it('whoever may see the stack but not call it, is told before anything is changed', async () => {
  const stack = await newStack()
  here.cloud.refusals.push({ status: 403, body: '{"message":"Forbidden"}' })
  expect(await here.run(['cloud', 'use', '--stack', stack])).toMatchObject({
    code: 5,
    err: expect.stringContaining('execute-api:Invoke'),
  })
  expect(existsSync(here.file)).toBe(false)
})

/** Files of ~/.aws, read by the AWS SDK in the program itself. */
const withProfiles = (config: string) => {
  const dir = join(here.world.home, '.aws')
  mkdirSync(dir)
  writeFileSync(join(dir, 'config'), config)
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) delete here.world.env[name]
  return here.world.env
}

it('a profile is used, with its region, and kept for later calls', async () => {
  const keys = `aws_access_key_id = ${KEYS.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${KEYS.AWS_SECRET_ACCESS_KEY}\n`
  const env = withProfiles(`[profile work]\nregion = us-east-1\n${keys}`)
  const stack = await newStack()
  const used = await here.world.cli(['cloud', 'use', '--stack', stack, '--profile', 'work'], { env })
  expect(used).toMatchObject({ code: 0, stderr: expect.stringContaining('profile work') })
  expect(await here.world.cli(['secrets', 'list', '--json'], { env })).toMatchObject({
    code: 0,
    out: '{"secrets":[]}\n',
    stderr: '',
  })
  const byEnvironment = await here.world.cli(['cloud', 'use', '--stack', stack, '--json'], {
    env: { ...env, AWS_PROFILE: 'work' },
  })
  expect(JSON.parse(byEnvironment.out)).toMatchObject({ profile: 'work', region: 'us-east-1' })
})

it.each([
  [
    'an SSO login that is over',
    '[profile work]\nregion = us-east-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n',
    'aws sso login --profile work',
  ],
  ['a profile without credentials', '[profile work]\nregion = us-east-1\n', 'profile work gives no AWS credentials'],
  ['a profile that is not there', '[profile other]\n', 'profile work gives no AWS credentials|no AWS region is set'],
])('%s', async (_, config, says) => {
  const env = withProfiles(config)
  const { code, stderr } = await here.world.cli(['cloud', 'use', '--profile', 'work'], { env })
  expect({ code, stderr }).toEqual({ code: expect.any(Number), stderr: expect.stringMatching(says) })
  expect([2, 5]).toContain(code)
})
