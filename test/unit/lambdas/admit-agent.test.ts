import { expect, it } from 'vitest'
import { Dispatch } from '../../../core/contract/dispatch.ts'
import { admitCloudAgent } from '../../../lambdas/aws/admit-agent.ts'

const ask = (more: object) => Dispatch.parse({ task: 'x', agent: 'claude', runtime: 'cloud', env: {}, ...more })
const refusal = (more: object, bedrock = false) => {
  try {
    admitCloudAgent(ask(more), bedrock)
    return undefined
  } catch (error) {
    return error
  }
}
const NO_LOGIN = { code: 'no_credentials', hint: expect.stringContaining('--secret') }

it('an agent with nothing to log in with is refused, and told how it could', () => {
  expect(refusal({})).toMatchObject({ ...NO_LOGIN, hint: expect.stringContaining('bedrock=anthropic.*') })
  expect(refusal({ env: { ANTHROPIC_API_KEY: '' } })).toMatchObject(NO_LOGIN)
  expect(refusal({ agent: 'codex' }, true)).toMatchObject({ ...NO_LOGIN, hint: expect.stringContaining('OPENAI_API_KEY') })
})

it.each([
  { secrets: ['ANTHROPIC_API_KEY'] },
  { credentials: { CLAUDE_CODE_OAUTH_TOKEN: 'token-token' } },
  { env: { CLAUDE_CODE_USE_BEDROCK: '1' }, secrets: ['AWS_BEARER_TOKEN_BEDROCK'] },
  { agent: 'codex', secrets: ['OPENAI_API_KEY'] },
  { agent: 'shell' },
  { agent: 'claude', agentCommand: 'an-agent-of-mine' },
])('%j is enough, and stays as it is', (more) => {
  for (const bedrock of [false, true]) expect(admitCloudAgent(ask(more), bedrock)).toEqual(ask(more))
})

it('without a key Bedrock is used where the stack lets agents do so, and refused where it does not', () => {
  expect(admitCloudAgent(ask({}), true).env).toEqual({ CLAUDE_CODE_USE_BEDROCK: '1' })
  expect(refusal({ env: { CLAUDE_CODE_USE_BEDROCK: '1' } })).toMatchObject({
    ...NO_LOGIN,
    message: expect.stringContaining('may not invoke models'),
  })
})
