import { describe, expect, it } from 'vitest'
import { sessionPolicy } from '../../../lambdas/aws/session-policy.ts'

const arn = (n: number) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:remote/main/NAME_${n}-AbCdEf`
const own = { bucket: 'b', prefix: 'sessions/s-1/', attempt: 2, partition: 'aws' }

describe('the policy of a session', () => {
  it('names its own secrets, and for writing its own attempt’s log and checkpoint and the bundles of its session, and nothing else', () => {
    expect(JSON.parse(sessionPolicy({ ...own, secretArns: [arn(1)] }))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: ['log/2/*', 'checkpoint/2/*', 'bundles/*'].map((path) => `arn:aws:s3:::b/sessions/s-1/${path}`),
        },
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/sessions/s-1/checkpoint/*' },
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [arn(1)] },
      ],
    })
  })

  it('has no statement that it does not need', () => {
    const { Statement } = JSON.parse(sessionPolicy({ ...own, secretArns: [] }))
    expect(Statement.flatMap(({ Action }: { Action: string | string[] }) => Action)).toEqual(['s3:PutObject', 's3:GetObject'])
  })

  it('is refused, with what to do, when AWS would not take it', () => {
    const many = Array.from({ length: 40 }, (_, n) => arn(n))
    expect(() => sessionPolicy({ ...own, secretArns: many })).toThrow('cannot have 40 secrets')
    expect(sessionPolicy({ ...own, secretArns: many.slice(0, 12) }).length).toBeLessThanOrEqual(2048)
  })
})
