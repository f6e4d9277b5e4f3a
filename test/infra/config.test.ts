import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { KNOBS, readConfig } from '../../infra/config.ts'
import { userData } from '../../infra/user-data.ts'

const read = (context: Record<string, unknown> = {}) => readConfig(new App({ context }).node)

describe('settings', () => {
  it('have defaults that buy nothing large and let nobody in', () => {
    const { dailyBudgetUsd, zones, emails, webhooks, deletionProtection, functionArchitecture } = read()
    expect({ dailyBudgetUsd, zones, emails, webhooks, deletionProtection, functionArchitecture }).toEqual({
      dailyBudgetUsd: 10,
      zones: 0,
      emails: [],
      webhooks: [],
      deletionProtection: true,
      functionArchitecture: 'arm64',
    })
  })
  it('are taken from context, as text or as JSON', () => {
    expect(read({ 'remote.zones': '2', 'remote.bedrock': 'anthropic.*', 'remote.architectures': 'x64' })).toMatchObject({
      zones: 2,
      bedrock: ['anthropic.*'],
      architectures: ['x64'],
    })
    expect(read({ 'remote.zones': 2, 'remote.instanceConnect': false, 'remote.emails': ['a@b.c', 'd@e.f'] })).toMatchObject({
      zones: 2,
      instanceConnect: false,
      emails: ['a@b.c', 'd@e.f'],
    })
  })
  it('that do not exist are refused, because a misspelt budget would be none', () => {
    expect(() => read({ 'remote.dailyBudget': '3' })).toThrow('there is no setting remote.dailyBudget')
  })
  it.each([
    ['name', 'Remote'],
    ['zones', '7'],
    ['zones', '1.5'],
    ['dailyBudgetUsd', '0'],
    ['dailyBudgetUsd', ''],
    ['architectures', 'x86'],
    ['emails', 'nobody'],
    ['webhooks', 'http://example.com'],
    ['imageX64', 'debian'],
    ['network', '8.8.0.0'],
    ['bedrock', 'yes'],
    ['logDays', '2'],
  ])('%s cannot be %j', (name, value) => {
    expect(() => read({ [`remote.${name}`]: value })).toThrow(`remote.${name} is ${JSON.stringify(value)}`)
  })
  it('are each explained where they are defined', () => {
    const source = readFileSync(new URL('../../infra/config.ts', import.meta.url), 'utf8')
    for (const name of Object.keys(KNOBS)) expect(source, name).toMatch(new RegExp(`\\*/\\n  ${name}: `))
  })
})

describe('user data', () => {
  const script = readFileSync(new URL('../../agent-bootstrap/boot/user-data.sh', import.meta.url), 'utf8')
  const longest = {
    API_URL: 'https://abcdefghij.execute-api.ap-southeast-4.amazonaws.com.cn',
    SOCKET_URL: 'wss://abcdefghij.execute-api.ap-southeast-4.amazonaws.com.cn/v1',
    REGION: 'ap-southeast-4',
  }
  it('fits into what EC2 takes, whatever the addresses', () => {
    expect(Buffer.byteLength(userData(script, longest))).toBeLessThanOrEqual(16_384)
  })
  it('is the script with the addresses in it, and nothing left to fill in', () => {
    const text = userData(script, longest)
    expect(text.split('\n').filter((line) => /^(API|SOCKET|REGION)=/.test(line))).toEqual([
      `API='${longest.API_URL}'`,
      `SOCKET='${longest.SOCKET_URL}'`,
      `REGION='${longest.REGION}'`,
    ])
    expect(text).not.toMatch(/@[A-Z_]{3,}@/)
  })
  it('that is too long, or that wants what nobody knows, is refused at deploy', () => {
    expect(() => userData('x'.repeat(16_000), longest)).toThrow('user data has 16000 bytes')
    expect(() => userData('echo @SECRET@', longest)).toThrow('user data has @SECRET@, which nobody fills in')
  })
})
