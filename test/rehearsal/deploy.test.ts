import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildRunnerBundle } from '../../build-runner-bundle.ts'
import { World } from '../support/world.ts'
import { type Cloud, openCloud, REGION } from './cloud.ts'

let cloud: Cloud
let world: World
beforeAll(async () => {
  cloud = await openCloud()
  const key = await cloud.control.user('deployer', [
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  ])
  // What machines begin with is fetched once, with the settings of whoever runs the tests.
  buildRunnerBundle('x64', join(cloud.dir, 'runner-bundle'))
  const XDG_CACHE_HOME = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  // moto's CloudFormation recognises its own templates by this name.
  const AWS_ENDPOINT_URL = `http://localhost:${cloud.port}`
  world = new World({ ...cloud.env(key), AWS_REGION: REGION, AWS_ENDPOINT_URL, XDG_CACHE_HOME })
})
afterAll(async () => {
  await world?.close()
  await cloud?.close()
})

const SETTINGS = ['architectures=x64', 'functionArchitecture=x64', 'zones=2'].flatMap((one) => ['--set', one])

it('one guided command prepares the account, deploys the stack, and makes it the default', async () => {
  const first = await world.cli(['cloud', 'deploy', '--yes', ...SETTINGS])
  expect(first.code, first.stderr).toBe(0)
  expect(first.stderr).toMatch(/there is none yet[\s\S]*while nobody works +about \$0[\s\S]*preparing us-east-1 for the CDK/)
  expect(first.stderr).toMatch(/cloud is stack remote in us-east-1, account 123456789012/)
  const again = await world.cli(['cloud', 'deploy', ...SETTINGS])
  expect([again.code, again.stderr]).toEqual([5, expect.stringMatching(/there is version \S+ \(CREATE_COMPLETE\)[\s\S]*--yes/)])
})

it('what was deployed answers, and the doctor finds nothing missing', async () => {
  expect(await world.cli(['secrets', 'list', '--json'])).toMatchObject({ code: 0, out: '{"secrets":[]}\n', stderr: '' })
  const { code, out } = await world.cli(['cloud', 'doctor'])
  expect(code, out).toBe(0)
  expect(out).toMatch(/✓ stack[\s\S]*✓ api[\s\S]*✓ live/)
})
