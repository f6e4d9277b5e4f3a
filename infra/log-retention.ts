import type { RetentionDays } from 'aws-cdk-lib/aws-logs'

/** CloudWatch's own numbers are the names of the enumeration's members. */
export const logRetention = (days: string): RetentionDays => Number(days)
