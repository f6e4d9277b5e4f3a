/** What an agent's program is told besides the session's environment. What the session says itself stays. */
export const acpEnvironment = (env: Record<string, string>): Record<string, string> => ({
  // A version is pinned; nothing in a session updates it.
  DISABLE_AUTOUPDATER: '1',
  // It would pay for guessing what the user types next, and nobody sees the guess.
  CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: 'false',
  // A model of one's own gets requests for models, not telemetry.
  ...(env['ANTHROPIC_BASE_URL'] !== undefined && { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' }),
  // Claude refuses to run unasked as root outside a sandbox; how it is approved is decided by us.
  ...(process.geteuid?.() === 0 && { IS_SANDBOX: '1' }),
  ...env,
})
