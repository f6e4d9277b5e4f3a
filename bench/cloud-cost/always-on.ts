import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { readConfig } from '../../infra/config.ts'
import { ControlPlaneStack } from '../../infra/control-plane-stack.ts'
import { StateStack } from '../../infra/state-stack.ts'

/** Paid for by the hour or month, used or not. A table on demand, functions, queues, topics, rules and gateway endpoints are not. */
const PAID =
  /^AWS::(EC2::(NatGateway|Instance|EIP|TransitGateway.*|ClientVpn.*)|ElasticLoadBalancing.*|RDS::.*|ECS::Service|EKS::.*|KMS::Key|SecretsManager::Secret|Route53::HostedZone|OpenSearchService::.*|ElastiCache::.*)$/

type Resource = { Type: string; Properties?: Record<string, unknown> }

const isPaid = ({ Type, Properties = {} }: Resource) =>
  PAID.test(Type) ||
  (Type === 'AWS::EC2::VPCEndpoint' && Properties['VpcEndpointType'] === 'Interface') ||
  'ProvisionedConcurrencyConfig' in Properties ||
  (Type === 'AWS::DynamoDB::Table' && Properties['BillingMode'] !== 'PAY_PER_REQUEST')

/** What of the stacks costs while nobody works: looked up in their templates. */
export const alwaysOn = () => {
  const outdir = mkdtempSync(join(tmpdir(), 'remote-bench-'))
  try {
    const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
      context: Record<string, unknown>
    }
    const app = new App({ outdir, analyticsReporting: false, context })
    const config = readConfig(app.node)
    new ControlPlaneStack(app, config, new StateStack(app, config))
    const stacks = app.synth().stacks.map(({ template }) => template as { Resources: Record<string, Resource> })
    const all = stacks.flatMap(({ Resources }) => Object.values(Resources))
    const alarms = all.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm').length
    return {
      resources: all.length,
      types: all.filter(isPaid).map(({ Type }) => Type),
      said: `${alarms} alarms (10 are free), 8,640 sweeps of the janitor a month (1,000,000 calls are free), what is stored: table $0.25, bucket $0.023 per GB and month`,
    }
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}
