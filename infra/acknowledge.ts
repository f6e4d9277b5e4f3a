import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Findings of AwsSolutions that are meant to be, with the reason, for this construct and what is in it. */
export const acknowledge = (construct: IConstruct, findings: Record<string, string>) => {
  for (const [id, reason] of Object.entries(findings)) Validations.of(construct).acknowledge({ id: `AwsSolutions-${id}`, reason })
}
