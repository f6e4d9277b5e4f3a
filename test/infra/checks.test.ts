import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describe, expect, it } from 'vitest'
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
})
