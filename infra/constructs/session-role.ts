import { Aws } from 'aws-cdk-lib'
import { type IRole, Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import type { Config } from '../config.ts'
import type { KeptRights } from '../kept-rights.ts'
import { grant, type Right } from '../rights.ts'

const letInvokeModels = (): Right => ({
  may: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
  on: [
    `arn:${Aws.PARTITION}:bedrock:*::foundation-model/*`,
    `arn:${Aws.PARTITION}:bedrock:*:${Aws.ACCOUNT_ID}:inference-profile/*`,
  ],
  why: 'Which models a session may use is decided by what the account has been given; a profile may route to any region.',
})

/** The most that a session's credentials can ever do. Each is given less: an inline policy names its own secrets and its own prefix. */
export class SessionRole extends Construct {
  readonly arn: string

  constructor(scope: Construct, { bedrock }: Config, { kept, assumedBy }: { kept: KeptRights; assumedBy: IRole }) {
    super(scope, 'SessionRole')
    const role = new Role(this, 'Role', {
      assumedBy,
      description: 'Sessions of remote: assumed for one at a time, narrowed to it',
    })
    grant(role, [kept.writing('sessions'), kept.readingSecrets(), ...(bedrock ? [letInvokeModels()] : [])])
    this.arn = role.roleArn
  }
}
