/** Of Bedrock, with an AWS account that the session brings itself. */
const OWN_BEDROCK = ['AWS_BEARER_TOKEN_BEDROCK', 'AWS_ACCESS_KEY_ID'] as const

export const USES_BEDROCK = 'CLAUDE_CODE_USE_BEDROCK'

/** Variables in the order in which the agent prefers them; the first of each row decides, the others go with it. */
export const LOGIN_VARIABLES: Readonly<Record<string, readonly (readonly [string, ...string[]])[]>> = {
  claude: [
    [USES_BEDROCK, 'AWS_REGION', 'AWS_PROFILE', ...OWN_BEDROCK, 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
    ['CLAUDE_CODE_USE_VERTEX', 'CLOUD_ML_REGION', 'ANTHROPIC_VERTEX_PROJECT_ID'],
    ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL'],
    ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'],
    ['CLAUDE_CODE_OAUTH_TOKEN'],
  ],
  codex: [['OPENAI_API_KEY', 'OPENAI_BASE_URL'], ['CODEX_API_KEY']],
}

type Has = (name: string) => boolean

/** The row that decides, for what the environment has; undefined when nothing in it is a login of that agent. */
export const loginIn = (agent: string, has: Has) => LOGIN_VARIABLES[agent]?.find(([first]) => has(first))

/** How an agent logs in on a machine where nobody has logged in before. */
export type CloudLogin = { kind: 'variable'; name: string } | { kind: 'bedrock' } | { kind: 'none'; why: string }

/**
 * `bedrock`: whether this control plane lets sessions invoke models by their own role. A key that a session brings goes before that; an
 * agent that is not known here logs in as it likes.
 */
export const cloudLogin = (agent: string, has: Has, bedrock: boolean): CloudLogin => {
  const row = loginIn(agent, has)
  if (row && row[0] !== USES_BEDROCK) return { kind: 'variable', name: row[0] }
  if (row) {
    const own = OWN_BEDROCK.find(has)
    if (own !== undefined) return { kind: 'variable', name: own }
    return bedrock ? { kind: 'bedrock' } : { kind: 'none', why: 'sessions of this stack may not invoke models of Amazon Bedrock' }
  }
  if (LOGIN_VARIABLES[agent] === undefined) return { kind: 'variable', name: '' }
  return agent === 'claude' && bedrock ? { kind: 'bedrock' } : { kind: 'none', why: 'no key is named' }
}
