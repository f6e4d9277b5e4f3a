import { type Argument, JSON_FLAG, ON_FLAG, QUIET_FLAG, type Verb } from './verb.ts'

const WORKSPACE: Argument = { name: 'NAME', summary: 'name of the workspace', completes: 'workspace' }
const SECRET: Argument = { name: 'NAME', summary: 'name of the secret', completes: 'secret' }
const YES = { name: 'yes', type: 'boolean', summary: 'do not ask for the name again' } as const

export const KEEP_VERBS: readonly Verb[] = [
  {
    name: 'workspace create',
    group: 'keep',
    summary: 'make a named disk that outlives sessions',
    args: [{ ...WORKSPACE, optional: true }],
    flags: [
      { name: 'name', type: 'string', value: 'NAME', summary: 'its name' },
      { name: 'size', type: 'size', value: 'SIZE', summary: 'how large: 100gb' },
      { name: 'from-snapshot', type: 'string', value: 'ID', summary: 'begin with what a snapshot of a workspace holds' },
      ON_FLAG,
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote workspace create --name project-alpha --size 100gb', 'then: remote dispatch "…" --workspace project-alpha'],
    ],
    load: async () => (await import('../commands/workspace-create.ts')).workspaceCreate,
  },
  {
    name: 'workspace list',
    group: 'keep',
    summary: 'list workspaces',
    args: [],
    flags: [ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote workspace list', 'size, use and who holds each']],
    load: async () => (await import('../commands/workspace-list.ts')).workspaceList,
  },
  {
    name: 'workspace show',
    group: 'keep',
    summary: 'show one workspace',
    args: [WORKSPACE],
    flags: [ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote workspace show project-alpha', 'everything about it']],
    load: async () => (await import('../commands/workspace-list.ts')).workspaceShow,
  },
  {
    name: 'workspace delete',
    group: 'keep',
    summary: 'delete a workspace and all that is in it',
    args: [WORKSPACE],
    flags: [YES, ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote workspace delete project-alpha', 'asks for the name again']],
    load: async () => (await import('../commands/workspace-delete.ts')).workspaceDelete,
  },
  {
    name: 'workspace snapshot',
    group: 'keep',
    summary: 'keep what is in a workspace now',
    about:
      'A snapshot stays until it or its workspace is deleted: locally a copy of the directory, in AWS a snapshot of the disk, paid for by what it holds. `workspace show` lists them, and a new workspace can begin with one.',
    args: [WORKSPACE],
    flags: [
      { name: 'delete', type: 'string', value: 'ID', summary: 'forget this snapshot instead' },
      ON_FLAG,
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote workspace snapshot project-alpha', 'prints how to go on from it'],
      ['remote workspace snapshot project-alpha --delete snap-0123456789abcdef0', 'forgets it'],
    ],
    load: async () => (await import('../commands/workspace-change.ts')).workspaceSnapshot,
  },
  {
    name: 'workspace move',
    group: 'keep',
    summary: 'bring a workspace to another zone',
    about:
      'A disk in AWS lies in one zone, and its sessions run there. Where that zone has no machines to spare, the disk can go elsewhere, by a snapshot; nobody can use it meanwhile. A workspace on this computer has no zones.',
    args: [WORKSPACE],
    flags: [
      { name: 'zone', type: 'string', value: 'ZONE', summary: 'where to: us-east-1b' },
      { name: 'detach', type: 'boolean', summary: 'do not wait for it' },
      ON_FLAG,
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [['remote workspace move project-alpha --zone us-east-1b', 'waits until it is there']],
    load: async () => (await import('../commands/workspace-change.ts')).workspaceMove,
  },
  {
    name: 'workspace resize',
    group: 'keep',
    summary: 'make a workspace larger',
    args: [WORKSPACE],
    flags: [{ name: 'size', type: 'size', value: 'SIZE', summary: 'how large: 200gb' }, ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote workspace resize project-alpha --size 200gb', 'never smaller']],
    load: async () => (await import('../commands/workspace-change.ts')).workspaceResize,
  },
  {
    name: 'secrets set',
    group: 'keep',
    summary: 'store a secret; asks for the value, or reads it',
    about:
      'The value comes from a prompt without echo, or from stdin when that is no terminal; it never comes back. With --from-command the command is stored instead, and run at each dispatch of a session that names the secret: on this machine, with your environment and terminal, in /. What it prints is kept for that session alone. Commands are kept on this computer (--on local), and run for cloud sessions, too.',
    args: [SECRET],
    flags: [
      {
        name: 'from-command',
        type: 'string',
        value: 'CMD',
        summary: 'store this command; at each dispatch its output is the value',
      },
      ON_FLAG,
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote secrets set GITHUB_TOKEN', 'asks for it'],
      ['remote secrets set GITHUB_TOKEN --from-command "op read op://dev/github/token"', 'from a password manager'],
    ],
    load: async () => (await import('../commands/secrets-set.ts')).secretsSet,
  },
  {
    name: 'secrets list',
    group: 'keep',
    summary: 'list the names of secrets',
    args: [],
    flags: [ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote secrets list', 'names and when they were set']],
    load: async () => (await import('../commands/secrets-list.ts')).secretsList,
  },
  {
    name: 'secrets delete',
    group: 'keep',
    summary: 'forget a secret',
    args: [SECRET],
    flags: [ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote secrets delete GITHUB_TOKEN', 'sessions under way keep their copy']],
    load: async () => (await import('../commands/secrets-list.ts')).secretsDelete,
  },
]
