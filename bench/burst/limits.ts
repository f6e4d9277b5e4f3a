/**
 * What AWS lets one account do, as its documentation has it (2026-11-20), in us-east-1. Buckets: how much at once, then how much a second.
 * - EC2: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (RunInstances; that CreateFleet shares it is our assumption:
 *   it is not documented, and others have seen low single digits a second)
 * - Step Functions: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 * - Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * - API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 * - DynamoDB: 1,000 writes a second of one item, https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const LIMITS = {
  launchCalls: { size: 5, perSecond: 2 },
  launchedMachines: { size: 1000, perSecond: 2 },
  startExecution: { size: 1300, perSecond: 300 },
  transitions: { size: 5000, perSecond: 5000 },
  api: { size: 5000, perSecond: 10_000 },
  oneItem: { size: 1000, perSecond: 1000 },
  functionsAtOnce: 1000,
} as const
