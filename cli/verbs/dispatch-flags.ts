import { type Flag, JSON_FLAG, QUIET_FLAG } from './verb.ts'

const APPROVE = ['auto', 'ask', 'deny']

/** What a session gets and when it ends: the same for a new one and for one that continues another. */
export const SESSION_FLAGS: readonly Flag[] = [
  { name: 'ttl', type: 'duration', value: 'D', summary: 'end it after so long, whatever it is doing' },
  { name: 'idle', type: 'duration', value: 'D', summary: 'end it when it has waited for you for so long' },
  { name: 'max-cost', type: 'money', value: 'USD', summary: 'end it when machine and tokens have cost so much' },
  { name: 'secret', type: 'list', value: 'NAME', summary: 'give it this secret (again for more)', completes: 'secret' },
  { name: 'env', type: 'list', value: 'K=V', summary: 'set a variable, kept in the record (again for more)' },
  { name: 'approve', type: 'string', value: 'HOW', summary: 'permission requests: auto, ask or deny', choices: APPROVE },
  { name: 'interactive', type: 'boolean', summary: 'stay for follow-ups when the turn is over' },
  { name: 'retries', type: 'count', value: 'N', summary: 'further tries when its machine is lost' },
  {
    name: 'sandbox',
    type: 'string',
    value: 'on|off',
    summary: 'confine it to its directory (where there is a sandbox)',
    choices: ['on', 'off'],
  },
  { name: 'push', type: 'boolean', summary: 'push the result branch to origin when it is done' },
  { name: 'detach', type: 'boolean', summary: 'print the id and return at once' },
]

/** Of the machines that are for their user. As a setting it may be a list. */
export const DOTFILES_FLAG: Flag = {
  name: 'dotfiles',
  type: 'string',
  value: 'PATHS',
  summary: 'files of your home directory that it gets, with commas between: .bashrc,.gitconfig',
}

export const DISPATCH_FLAGS: readonly Flag[] = [
  {
    name: 'on',
    type: 'string',
    value: 'RUNTIME',
    summary: 'where it runs: local, cloud, cloud:REGION',
    completes: 'runtime',
  },
  {
    name: 'with',
    type: 'string',
    value: 'SESSION',
    summary: 'beside this session: on the same machine, with a checkout and a log of its own',
    completes: 'session',
  },
  { name: 'agent', type: 'string', value: 'A', summary: 'claude (default), codex, shell', completes: 'agent' },
  { name: 'agent-command', type: 'string', value: 'CMD', summary: 'another agent: a command that speaks ACP on stdio' },
  {
    name: 'repo',
    type: 'string',
    value: 'PATH|URL',
    summary: 'the repository, if not the one you stand in',
    completes: 'directory',
  },
  { name: 'ref', type: 'string', value: 'REF', summary: 'start from this commit instead of the working tree' },
  { name: 'cwd', type: 'string', value: 'PATH', summary: 'directory inside the repository to work in' },
  { name: 'no-repo', type: 'boolean', summary: 'work without files' },
  {
    name: 'filtered',
    type: 'string',
    value: 'HOW',
    summary: 'files that git stores otherwise than they are here (Git LFS, git-crypt): refuse, or send what is stored',
    choices: ['refuse', 'stored'],
  },
  { name: 'workspace', type: 'string', value: 'NAME', summary: 'work on this persistent disk', completes: 'workspace' },
  {
    name: 'from',
    type: 'string',
    value: 'SIDE',
    summary: 'when workspace and tree diverged: mine or workspace',
    choices: ['mine', 'workspace'],
  },
  { name: 'instance', type: 'string', value: 'TYPE', summary: 'machine type (cloud)' },
  { name: 'spot', type: 'boolean', summary: 'allow a machine that can be taken back (cloud)' },
  { name: 'max-price', type: 'money', value: 'USD', summary: 'at most so much per hour (cloud)' },
  ...SESSION_FLAGS,
  JSON_FLAG,
  QUIET_FLAG,
]
