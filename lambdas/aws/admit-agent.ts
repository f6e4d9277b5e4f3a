import type { Dispatch } from '../../core/contract/dispatch.ts'
import { isCommand } from '../../core/contract/is-command.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { cloudLogin, USES_BEDROCK } from '../../core/domain/agent-login.ts'

const KEYS: Readonly<Record<string, string>> = { claude: 'ANTHROPIC_API_KEY', codex: 'OPENAI_API_KEY' }
const OFF = new Set(['', '0', 'false'])

const hintFor = (agent: string) => {
  const key = KEYS[agent] ?? 'ANTHROPIC_API_KEY'
  const stored = `store one (remote secrets set ${key} --on cloud) and name it: --secret ${key}`
  return agent === 'claude'
    ? `${stored}; or without any key, by Amazon Bedrock: remote cloud deploy --set 'bedrock=anthropic.*'`
    : stored
}

/**
 * Throws `no_credentials` for an agent that could only fail, before anything is bought for it. Answers the request with what its
 * environment must say besides: that it uses Bedrock, where that is all there is.
 */
export const admitCloudAgent = (ask: Dispatch, bedrock: boolean): Dispatch => {
  const { agent, agentCommand, env, credentials, secrets } = ask
  if (isCommand(agent) || agentCommand !== undefined) return ask
  const has = (name: string) => !OFF.has(env[name] ?? credentials[name] ?? (secrets.includes(name) ? 'a secret' : ''))
  const login = cloudLogin(agent, has, bedrock)
  if (login.kind === 'variable') return ask
  if (login.kind === 'bedrock') return { ...ask, env: { ...env, [USES_BEDROCK]: '1' } }
  throw new RemoteError('no_credentials', `${agent} has nothing to log in with in the cloud: ${login.why}`, {
    hint: hintFor(agent),
  })
}
