import { type IRole, Role } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import type { KeptRights } from '../kept-rights.ts'
import { grant } from '../rights.ts'

/** The most that a session's credentials can ever do. Each is given less: an inline policy names its own secrets and its own prefix. */
export class SessionRole extends Construct {
  readonly arn: string

  constructor(scope: Construct, { kept, assumedBy }: { kept: KeptRights; assumedBy: IRole }) {
    super(scope, 'SessionRole')
    const role = new Role(this, 'Role', {
      assumedBy,
      description: 'Sessions of remote: assumed for one at a time, narrowed to it',
    })
    grant(role, [kept.writing('sessions'), kept.readingSecrets()])
    this.arn = role.roleArn
  }
}
