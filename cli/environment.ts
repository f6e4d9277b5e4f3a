/** What of the caller's environment matters to a session: it is captured at dispatch, and kept in the record. */
const PLAIN =
  /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TZ|HOME|USER|LOGNAME|SHELL|EDITOR|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/

/** How agents find their model and their files; no secret in any. */
const OF_AGENTS =
  /^(ANTHROPIC_(BASE_URL|MODEL|SMALL_FAST_MODEL|DEFAULT_[A-Z]+_MODEL)|CLAUDE_CODE_USE_(BEDROCK|VERTEX)|CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC|CLAUDE_CONFIG_DIR|CODEX_HOME|OPENAI_BASE_URL|AWS_(REGION|PROFILE|DEFAULT_REGION)|IS_SANDBOX|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy)$/

const CREDENTIALS: Record<string, readonly string[]> = {
  claude: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'],
  codex: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
  shell: [],
  terminal: [],
}
const ANY_AGENTS = [...new Set(Object.values(CREDENTIALS).flat()), 'GEMINI_API_KEY', 'OPENROUTER_API_KEY']

const picked = (env: NodeJS.ProcessEnv, isWanted: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && isWanted(name) ? [[name, value]] : [])),
  )

/** What means the same on a machine elsewhere: no places and no accounts of this one. */
const ANYWHERE = /^(LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TZ|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL))$/
const OF_AGENTS_ANYWHERE =
  /^(ANTHROPIC_(BASE_URL|MODEL|SMALL_FAST_MODEL|DEFAULT_[A-Z]+_MODEL)|CLAUDE_CODE_USE_BEDROCK|CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC|OPENAI_BASE_URL)$/

/** A proxy's address may carry a password, and the environment goes into the record. */
const hidesNothing = (name: string, value: string) => !/proxy$/i.test(name) || !value.includes('@')

export const capturedEnvironment = (env: NodeJS.ProcessEnv, agent: string, isNear: boolean): Record<string, string> => {
  const [plain, ofAgents] = isNear ? [PLAIN, OF_AGENTS] : [ANYWHERE, OF_AGENTS_ANYWHERE]
  const all = picked(env, (name) => plain.test(name) || (agent !== 'shell' && ofAgents.test(name)))
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => hidesNothing(name, value)))
}

/** The agent's own login, where it is in the environment: secret, never in a record. */
export const capturedCredentials = (env: NodeJS.ProcessEnv, agent: string, isOther: boolean): Record<string, string> => {
  const names = isOther ? ANY_AGENTS : (CREDENTIALS[agent] ?? ANY_AGENTS)
  return picked(env, (name) => names.includes(name) && env[name] !== '')
}
