/** An agent that speaks the Agent Client Protocol on stdio, as a package that can be installed on demand. */
export type CatalogueAgent = {
  package: string
  /** Pinned: an agent that changes under a session's feet cannot be trusted to resume it. */
  version: string
  bin: string
  /** Where its own state lies, and the folder below the session's private directory that it is pointed to. */
  configVariable: string
  configFolder: string
  /** Of the user's own configuration (below the home directory), what the agent gets a copy of. */
  userFolder: string
  userFiles: readonly string[]
  /** Which of them is the login. No session hands its copy on: what the user has now is newer, and may be all that is still valid. */
  login: string
  /** ACP's way to log in with a key of the environment, where the agent does not take it by itself. */
  keyLogin?: { method: string; variables: readonly string[] }
}

export const AGENT_CATALOGUE: Readonly<Record<string, CatalogueAgent>> = {
  claude: {
    package: '@agentclientprotocol/claude-agent-acp',
    version: '0.100.0',
    bin: 'claude-agent-acp',
    configVariable: 'CLAUDE_CONFIG_DIR',
    configFolder: 'claude',
    userFolder: '.claude',
    userFiles: ['.credentials.json', 'CLAUDE.md', 'agents', 'commands', 'skills'],
    login: '.credentials.json',
  },
  codex: {
    package: '@agentclientprotocol/codex-acp',
    version: '2.6.0',
    bin: 'codex-acp',
    configVariable: 'CODEX_HOME',
    configFolder: 'codex',
    userFolder: '.codex',
    userFiles: ['auth.json', 'config.toml', 'AGENTS.md', 'prompts'],
    login: 'auth.json',
    keyLogin: { method: 'api-key', variables: ['CODEX_API_KEY', 'OPENAI_API_KEY'] },
  },
}
