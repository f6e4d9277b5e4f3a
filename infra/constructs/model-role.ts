import { Aws } from 'aws-cdk-lib'
import { type IRole, Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { grant } from '../rights.ts'

/** Foundation models are Amazon's and in every region; profiles are of the account, and named after what they lead to (`us.anthropic.…`). */
const modelArns = (models: readonly string[]) =>
  models.flatMap((model) => [
    `arn:${Aws.PARTITION}:bedrock:*::foundation-model/${model}`,
    `arn:${Aws.PARTITION}:bedrock:*:${Aws.ACCOUNT_ID}:inference-profile/*${model}`,
  ])

/** What an agent itself is handed when it logs in by this account: it may invoke the chosen models, and nothing else. */
export class ModelRole extends Construct {
  readonly arn: string

  constructor(scope: Construct, { models, assumedBy }: { models: readonly string[]; assumedBy: IRole }) {
    super(scope, 'ModelRole')
    const role = new Role(this, 'Role', {
      assumedBy,
      description: 'Agents of remote: models of Amazon Bedrock, and nothing else',
    })
    const why = 'The models are chosen at deploy; a profile may route to any region.'
    grant(role, [{ may: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'], on: modelArns(models), why }])
    this.arn = role.roleArn
  }
}
