import { readFileSync } from 'node:fs'
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deploySteps } from '../../cli/cloud/deploy-steps.ts'
import { version } from '../../cli/version.ts'
import { type Moto, startMoto } from '../support/moto.ts'
import { type CloudWorld, openCloudWorld } from './cloud-world.ts'

let moto: Moto
let here: CloudWorld
beforeAll(async () => {
  moto = await startMoto()
  here = await openCloudWorld({ used: false, on: '' })
  Object.assign(here.world.env, { AWS_ENDPOINT_URL: moto.config.endpoint })
})
afterAll(async () => {
  await here?.close()
  await moto?.stop()
})

describe('cloud deploy', () => {
  it('says where, as whom and what it costs, and does nothing without a yes', async () => {
    const piped = await here.run(['cloud', 'deploy'])
    expect(piped).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringMatching(/there is none yet[\s\S]*account 123456789012, region us-east-1/),
    })
    expect(piped.err).toMatch(/while nobody works +about \$0[\s\S]*remote cloud deploy --yes/)
    const asked = await here.run(['cloud', 'deploy'], { typed: 'n\n' })
    expect(asked).toMatchObject({ code: 5, err: expect.stringContaining('nothing was deployed') })
  })

  it.each([
    [['--stack', 'Not A Name'], 'cannot name a stack'],
    [['--set', 'dailyBudgetUsd'], 'is no NAME=VALUE'],
    [['--region', 'moon'], 'is not an AWS region'],
  ])('%j is refused before AWS is asked', async (words, says) => {
    expect(await here.run(['cloud', 'deploy', '--yes', ...words])).toMatchObject({ code: 2, err: expect.stringContaining(says) })
  })

  it('runs the CDK that is pinned here, and prepares the account only once', () => {
    const ask = {
      root: '/r',
      node: '/n/node',
      stack: 'mine',
      region: 'eu-west-1',
      account: '1',
      profile: 'work',
      settings: ['zones=2'],
    }
    const lines = (isBootstrapped: boolean) =>
      deploySteps({ ...ask, isBootstrapped }).map(({ command, args }) => [command, ...args].join(' '))
    expect(lines(false)).toEqual([
      '/n/node /r/build.ts',
      '/n/node /r/build-runner-bundle.ts x64 arm64',
      '/n/node /r/node_modules/aws-cdk/bin/cdk bootstrap aws://1/eu-west-1 --no-notices --no-version-reporting --profile work',
      '/n/node /r/node_modules/aws-cdk/bin/cdk deploy --all --require-approval never --progress events --no-notices --no-version-reporting -c remote.name=mine -c remote.zones=2 --profile work',
    ])
    expect(lines(true).some((line) => line.includes('bootstrap aws'))).toBe(false)
    expect(deploySteps({ ...ask, settings: ['architectures=x64'], isBootstrapped: true })[1]?.args).toEqual([
      '/r/build-runner-bundle.ts',
      'x64',
    ])
  })
})

describe('cloud doctor', () => {
  it('says what is there and what is missing', async () => {
    const none = await here.run(['cloud', 'doctor'])
    expect(none.code).toBe(1)
    expect(none.out).toMatch(
      /✓ credentials[\s\S]*✓ identity +arn:aws:sts::123456789012[\s\S]*✗ stack +there is no stack remote[\s\S]*remote cloud deploy/,
    )
    const client = new CloudFormationClient(moto.config)
    const outputs = { ApiUrl: here.cloud.apiUrl, SocketUrl: here.cloud.socketUrl, Version: version() }
    const Outputs = Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }]))
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } }, Outputs })
    await client.send(new CreateStackCommand({ StackName: 'remote', TemplateBody }))
    const found = await here.run(['cloud', 'doctor'])
    expect(found.out).toMatch(/✓ stack +remote, version \S+, CREATE_COMPLETE[\s\S]*✓ api[\s\S]*✓ live +a viewer is let in/)
    expect(found.out).toMatch(/vCPUs on demand/)
    expect(found.code).toBe(0)
    const refusal = { status: 403, body: '{"message":"Forbidden"}' }
    here.cloud.refusals.push(refusal, refusal, refusal, refusal)
    const denied = JSON.parse((await here.run(['cloud', 'doctor', '--json'])).out)
    expect(
      denied.checks.filter(({ state }: { state: string }) => state === 'fail').map(({ name }: { name: string }) => name),
    ).toEqual(['api', 'live', 'agent login'])
  })

  it('a stack that was deployed from another build of the same version has drifted, and is told', async () => {
    const outputs = { ApiUrl: here.cloud.apiUrl, SocketUrl: here.cloud.socketUrl, Version: version() }
    const deployed = async (name: string, Build: string) => {
      const Outputs = Object.fromEntries(Object.entries({ ...outputs, Build }).map(([key, Value]) => [key, { Value }]))
      const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } }, Outputs })
      await new CloudFormationClient(moto.config).send(new CreateStackCommand({ StackName: name, TemplateBody }))
      here.know({ stack: name })
      return (await here.run(['cloud', 'doctor'])).out
    }
    const own = readFileSync(new URL('../../dist/stack-digest', import.meta.url), 'utf8').trim()
    expect(own).toMatch(/^[0-9a-f]{16}$/)
    expect(await deployed('same', own)).toMatch(/✓ stack +same, version/)
    expect(await deployed('other', '0123456789abcdef')).toMatch(
      /! stack +other was deployed from another build of \S+ \(0123456789abcdef, this is [0-9a-f]{16}\)[\s\S]*remote cloud deploy --stack other/,
    )
  })

  it('without credentials says only that', async () => {
    const env = { ...here.world.env, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
    const { code, out } = await here.world.cli(['cloud', 'doctor'], { env })
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^✗ access +no AWS credentials were found\n.*\n$/) })
  })
})
