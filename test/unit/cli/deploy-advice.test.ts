import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { deployAdvice } from '../../../cli/cloud/deploy-advice.ts'
import { runStep } from '../../../cli/cloud/run-step.ts'

/** As CloudFormation says it through the CDK. */
const FEW_ZONES = `❌ remote failed: ToolkitError: The stack named remote failed creation, it may need to be manually deleted from the AWS console:
 ROLLBACK_COMPLETE: Template error: Fn::Select  cannot select nonexistent value at index 3, Template error: Fn::Select  cannot select nonexistent value at index 2`

it('a region of which the account has fewer zones is deployed to with as many as there are', () => {
  expect(deployAdvice(FEW_ZONES, 'eu-central-1')).toContain(
    '2 zones here: remote cloud deploy --region eu-central-1 --set zones=2',
  )
})

it('a region without something is told as what it lacks', () => {
  const said =
    'ValidationError: Template format error: Unrecognized resource types: [AWS::ApiGatewayV2::Api, AWS::ApiGatewayV2::Stage]'
  expect(deployAdvice(said, 'ap-east-2')).toBe(
    'CloudFormation in ap-east-2 does not make AWS::ApiGatewayV2::Api, AWS::ApiGatewayV2::Stage: choose another --region',
  )
})

it('an account that is full of VPCs is told which quota it is', () => {
  expect(deployAdvice('The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)', 'us-east-1')).toContain(
    'L-F678F1CE',
  )
})

it('of anything else nothing is claimed', () => {
  expect(deployAdvice('Need to perform AWS calls for account 1, but no credentials', 'us-east-1')).toBeUndefined()
})

it('a step that fails so ends with that advice, and any other with its own last words', async () => {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), env: {}, cwd: '/' }
  const failing = (said: string) => {
    const args = ['-e', 'console.error(process.argv[1]); process.exitCode = 1', said]
    const step = { what: 'deploying remote', command: process.execPath, args, cwd: '/' }
    return runStep({ ...io, onInterrupt: () => () => undefined } as never, step, { region: 'eu-central-1', quiet: true })
  }
  await expect(failing(FEW_ZONES)).rejects.toMatchObject({ code: 'refused', hint: expect.stringContaining('--set zones=2') })
  await expect(failing('the disk is full')).rejects.toMatchObject({ hint: 'its last words:\n  the disk is full' })
})
