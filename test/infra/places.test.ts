import { describe, expect, it } from 'vitest'
import { ofType, synthesizedFor } from './synthesized.ts'

describe.each(['eu-north-1', 'eu-central-2', 'ap-northeast-3', 'af-south-1', 'mx-central-1'])(
  'in %s, where CloudFormation makes no budgets,',
  (region) => {
    it('the template has none, or all of it would be refused; our own holds', () => {
      const there = synthesizedFor(region, {}).control
      expect(ofType(there, 'AWS::Budgets::Budget')).toEqual([])
      expect(JSON.stringify(there)).toContain('"DAILY_BUDGET_USD":"10"')
    })
  },
)

describe.each(['cn-north-1', 'us-gov-west-1'])('in %s, another partition of AWS,', (region) => {
  const { control: there, state } = synthesizedFor(region, { bedrock: 'anthropic.*' })
  const text = JSON.stringify([there, state])
  it('no ARN and no address is one of the commercial partition', () => {
    expect(text).not.toMatch(/arn:aws[:-]/)
    // What is left are names that IAM gives its services everywhere, and one that only China has.
    const names = text.match(/[a-z0-9.-]*amazonaws\.com[a-z.]*/g)?.filter((name) => !/^[a-z0-9]+\.amazonaws\.com$/.test(name))
    expect(new Set(names)).toEqual(new Set(['ec2.amazonaws.com.cn']))
  })
  it('AWS has no budget in dollars, and our own holds', () => {
    expect(ofType(there, 'AWS::Budgets::Budget')).toEqual([])
    expect(JSON.stringify(there)).toContain('"DAILY_BUDGET_USD":"10"')
  })
})
