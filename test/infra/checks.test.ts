import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describe, expect, it, vi } from 'vitest'
import { BUDGET_REGIONS } from '../../infra/constructs/watch.ts'
import { type Definition, lifecycleDefinition } from '../../infra/lifecycle-definition.ts'
import { openApp } from './synthesized.ts'

const { app, stack, outdir } = openApp({ emails: 'a@example.com', webhooks: 'https://example.com/hook' })
app.synth()

describe('AwsSolutions', () => {
  const findings = (scope: Parameters<AwsSolutionsChecks['validateScope']>[0]) =>
    new AwsSolutionsChecks()
      .validateScope(scope)
      .violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        violatingResources.map(({ constructPath }) => constructPath),
      ])

  it('finds nothing that is not meant to be', () => {
    expect(findings(app)).toEqual([])
  })
  it('would find what is planted', () => {
    const planted = openApp()
    new Bucket(planted.stack, 'Planted')
    planted.app.synth()
    expect(findings(planted.stack).map(([rule]) => rule)).toEqual(expect.arrayContaining(['AwsSolutions-S1', 'AwsSolutions-S10']))
  })
  it('is told why for each finding that is meant to be, and for nothing that it would not find', () => {
    const all = new AwsSolutionsChecks()
    Object.assign(all, { isAcknowledged: () => false })
    const found = new Set(all.validateScope(app).violations.map(({ ruleName }) => `Annotation::${ruleName}`))
    const reasons = [app, ...app.node.findAll()].flatMap(({ node }) =>
      node.metadata.flatMap(({ type, data }) =>
        type === 'aws:cdk:acknowledged-rules' ? Object.entries(data as Record<string, unknown>) : [],
      ),
    )
    expect(reasons.length).toBeGreaterThan(20)
    for (const [rule, reason] of reasons) expect(JSON.stringify(reason).length, rule).toBeGreaterThan(40)
    expect(reasons.map(([rule]) => rule).filter((rule) => !found.has(rule))).toEqual([])
  })
})

/** Of the commercial partition, as cfn-lint knows them. */
const NEWER_REGIONS = [
  ...[
    'af-south-1',
    'ap-east-1',
    'ap-east-2',
    'ap-northeast-3',
    'ap-south-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
  ],
  ...['ap-southeast-6', 'ap-southeast-7', 'ca-west-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'il-central-1'],
  ...['me-central-1', 'me-south-1', 'mx-central-1'],
]

const lint = (...args: string[]) => spawnSync('cfn-lint', args, { encoding: 'utf8' })
const isThere = lint('--version').status === 0
if (!isThere) {
  console.log('not proved: cfn-lint is not on the PATH (pip install cfn-lint)')
}

/** The state machine as the object that cfn-lint knows the states language for; in the stack it is text, with references in it. */
const lintStates = (change: (definition: Definition) => void = () => {}) => {
  const definition = lifecycleDefinition({ functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:step', partition: 'aws' })
  change(definition)
  const Properties = { RoleArn: 'arn:aws:iam::123456789012:role/lifecycle', Definition: definition }
  const file = join(outdir, `states-${randomUUID()}.json`)
  writeFileSync(file, JSON.stringify({ Resources: { Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties } } }))
  return lint(file).stdout
}

describe.skipIf(!isThere)('cfn-lint', () => {
  it('finds nothing in the state machine, and would find what is planted', () => {
    expect(lintStates()).toBe('')
    expect(lintStates(({ States }) => Object.assign(States['Boot'] ?? {}, { Heartbeat: 3 }))).toContain('Heartbeat')
  })
  it('finds nothing in the templates', () => {
    const { stdout } = lint(
      '--regions',
      'us-east-1',
      '--',
      join(outdir, `${stack.stackName}.template.json`),
      join(outdir, `${stack.stackName}-state.template.json`),
    )
    expect(stdout).toBe('')
  })

  /** Without the HTTP API there is no control plane, wherever else there is. */
  const LACK_APIS = ['ap-east-2', 'ap-southeast-6']
  const COMMERCIAL = [...BUDGET_REGIONS, ...NEWER_REGIONS].filter((region) => !LACK_APIS.includes(region))
  it.each([
    ['us-east-1', COMMERCIAL.filter((region) => BUDGET_REGIONS.has(region))],
    ['eu-north-1', COMMERCIAL.filter((region) => !BUDGET_REGIONS.has(region))],
  ])('finds that CloudFormation knows every type as it is deployed to %s and to regions like it', (region, regions) => {
    vi.stubEnv('CDK_DEFAULT_REGION', region)
    const there = openApp()
    vi.unstubAllEnvs()
    there.app.synth()
    const file = join(there.outdir, `${there.stack.stackName}.template.json`)
    expect(lint('--regions', ...regions, '--', file).stdout).toBe('')
    // It would find what is not there.
    expect(lint('--regions', ...LACK_APIS, '--', file).stdout).toContain('AWS::ApiGatewayV2::Api')
  })
})
