import { DISPATCH_FLAGS, DOTFILES_FLAG } from './dispatch-flags.ts'
import { type Flag, JSON_FLAG, ON_FLAG, QUIET_FLAG, SESSION, type Verb } from './verb.ts'

const STACK_FLAGS: readonly Flag[] = [
  { name: 'stack', type: 'string', value: 'S', summary: 'name of the CloudFormation stack (remote)' },
  { name: 'region', type: 'string', value: 'R', summary: 'its region (that of AWS_REGION or the profile)' },
  { name: 'profile', type: 'string', value: 'P', summary: 'profile of ~/.aws to use (that of AWS_PROFILE)' },
]

const REGION_FLAG: Flag = {
  name: 'region',
  type: 'string',
  value: 'R',
  summary: 'which cloud, as in cloud:R (your default or the nearest when left out)',
}

const OF_UP = ['spot', 'max-price', 'workspace', 'repo', 'ref', 'cwd', 'filtered', 'ttl', 'idle', 'max-cost', 'secret', 'env']
const UP_FLAGS: readonly Flag[] = DISPATCH_FLAGS.filter(({ name }) => OF_UP.includes(name)).map((flag) =>
  flag.name === 'repo' ? { ...flag, summary: 'bring this repository there' } : flag,
)

export const PLACE_VERBS: readonly Verb[] = [
  {
    name: 'connect',
    group: 'places',
    summary: 'sit down at a terminal session: your shell on its machine, from wherever you are',
    about:
      'What it prints is its log, so it survives lost connections, and several can sit at it: all see the same, and the size is the last one set. Without SESSION it is your newest terminal there; on this computer one is made when there is none, in the cloud `cloud up` makes one. ~. at the beginning of a line leaves it running (exit code 130), ~~ types a ~. Where stdin is no terminal, what is on it is typed. Beside a session of another agent it opens a terminal on the same machine (as `dispatch --with`). Exits as the shell does.',
    args: [
      {
        name: 'SESSION',
        summary: 'id of a session, local, cloud or cloud:NAME',
        optional: true,
        completes: 'session',
      },
    ],
    flags: [
      {
        name: 'tail',
        type: 'count',
        value: 'N',
        summary: 'show its last N pieces of output first (its last screen when left out)',
      },
      { ...JSON_FLAG, summary: 'print the record that the API returns; the terminal goes to stderr' },
      QUIET_FLAG,
    ],
    examples: [
      ['remote connect', 'a shell in the sandbox of this computer'],
      ['remote connect cloud', 'the machine that `remote cloud up` bought'],
      ['remote connect s-7k3', 'any terminal session, beside whoever sits there; or the machine of that agent'],
    ],
    load: async () => (await import('../commands/connect.ts')).connectTerminal,
  },
  {
    name: 'cloud up',
    group: 'places',
    summary: 'buy a machine in your AWS account, with your own shell on it',
    about:
      'A terminal session in the cloud: it costs from now on until its shell ends, its --ttl or --idle is over (nothing typed and nothing printed), or `cloud down`. Waits until it runs and says what it costs and how to connect. Your files stay here unless --repo brings them.',
    args: [],
    flags: [
      { name: 'instance-type', type: 'string', value: 'TYPE', summary: 'machine type (the smallest that will do when left out)' },
      REGION_FLAG,
      ...UP_FLAGS,
      DOTFILES_FLAG,
      { name: 'name', type: 'string', value: 'NAME', summary: 'what it is called in lists' },
      { name: 'detach', type: 'boolean', summary: 'print the id and return at once' },
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote cloud up --instance-type t3.xlarge --ttl 4h', 'then: remote connect cloud'],
      ['remote cloud up --instance-type m6i.4xlarge --region us-east-1 --spot --repo .', 'with what you see here'],
    ],
    load: async () => (await import('../commands/cloud-up.ts')).cloudUp,
  },
  {
    name: 'cloud status',
    group: 'places',
    summary: 'list your clouds, how far each is, and the machines that are up',
    args: [],
    flags: [REGION_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote cloud status', 'an arrow at what `cloud` means; type, zone, what it costs, when it ends, whose it is']],
    load: async () => (await import('../commands/cloud-status.ts')).cloudStatus,
  },
  {
    name: 'cloud down',
    group: 'places',
    summary: 'end what `cloud up` made, and wait for it',
    about:
      'Without a session: your own, as AWS knows you. What others made is ended by its id, or with --all. A machine that other sessions share goes with the last of them.',
    args: [{ ...SESSION, optional: true }],
    flags: [
      REGION_FLAG,
      { name: 'all', type: 'boolean', summary: 'all terminals there, also those of others' },
      { name: 'yes', type: 'boolean', summary: 'do not ask, also when there are several' },
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote cloud down', 'yours; asks when there are several'],
      ['remote cloud down s-7k3', 'this one'],
    ],
    load: async () => (await import('../commands/cloud-down.ts')).cloudDown,
  },
  {
    name: 'cloud deploy',
    group: 'places',
    summary: 'make the control plane in your AWS account, or bring it up to date',
    about:
      'Says where, as whom and what it costs, and asks. Then it runs the CDK of this checkout: bootstrap, once per account and region, and deploy. Nothing in it is always on and nothing listens to the internet. Afterwards it is your default, as with `cloud use`.',
    args: [],
    flags: [
      ...STACK_FLAGS,
      { name: 'set', type: 'list', value: 'NAME=VALUE', summary: 'a setting of infra/config.ts (again for more)' },
      { name: 'yes', type: 'boolean', summary: 'do not ask' },
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote cloud deploy', 'asks before it changes anything'],
      ['remote cloud deploy --region us-east-1 --set dailyBudgetUsd=25 --yes', 'in one go'],
    ],
    load: async () => (await import('../commands/cloud-deploy.ts')).cloudDeploy,
  },
  {
    name: 'cloud use',
    group: 'places',
    summary: 'run sessions in your AWS account from now on',
    about:
      'Finds the stack, tries whether you may call it, and makes `cloud` the default. Each stack is a runtime of its own: cloud:REGION, or cloud:REGION/STACK where two share a region. `cloud` alone is the nearest, measured now and about once a week; `remote config set on cloud:REGION` makes it always that one. Your credentials are found as by AWS’s own tools (profiles, SSO, roles, environment) and are kept nowhere.',
    args: [],
    flags: [...STACK_FLAGS, JSON_FLAG, QUIET_FLAG],
    examples: [
      ['remote cloud use', 'the stack `remote` in your region'],
      ['remote cloud use --region us-east-1 --profile work', 'with a profile, kept for it'],
    ],
    load: async () => (await import('../commands/cloud-use.ts')).cloudUse,
  },
  {
    name: 'cloud forget',
    group: 'places',
    summary: 'use a cloud no more from this computer; nothing in AWS is touched',
    about: 'Its sessions go on, and are not found from here any more until `cloud use` finds the stack again.',
    args: [{ name: 'CLOUD', summary: 'as `cloud status` lists it', optional: true, completes: 'cloud' }],
    flags: [JSON_FLAG, QUIET_FLAG],
    examples: [['remote cloud forget cloud:eu-west-1', 'leaves the others']],
    load: async () => (await import('../commands/cloud-forget.ts')).cloudForget,
  },
  {
    name: 'cloud bake',
    group: 'places',
    summary: 'make an image that machines start from faster',
    about:
      'Boots a machine as every session does, installs the toolchain and the agents on it, makes an image of its disk, and lets the stack boot from that. The image before it is kept, older ones go. Says what it costs and asks. Ctrl-C ends the machine.',
    args: [],
    flags: [
      { ...ON_FLAG, summary: 'which cloud: cloud:NAME (your default or the nearest when left out)' },
      { name: 'architecture', type: 'string', value: 'A', summary: 'x64 (when left out) or arm64', choices: ['x64', 'arm64'] },
      { name: 'yes', type: 'boolean', summary: 'do not ask' },
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote cloud bake', 'asks, takes about ten minutes, and the next session starts from it'],
      ['remote cloud bake --architecture arm64 --yes', 'for Graviton'],
    ],
    load: async () => (await import('../commands/cloud-bake.ts')).cloudBake,
  },
  {
    name: 'cloud doctor',
    group: 'places',
    summary: 'check what cloud sessions need, by trying it',
    about:
      'Each check tries what it is about, a launch too, which EC2 checks and does not do. With --orphans: machines, disks and snapshots of the stack that no live record knows, with their age and price; exit code 1 while there are any. Ending them asks first, and takes the data on them with it. With --live: one session on a machine that is bought for it, from the request until nothing of it is left.',
    args: [],
    flags: [
      { ...ON_FLAG, summary: 'which cloud: cloud:NAME (your default or the nearest when left out)' },
      { name: 'orphans', type: 'boolean', summary: 'only what nobody knows any more' },
      { name: 'end', type: 'boolean', summary: 'with --orphans: end them, after asking' },
      { name: 'live', type: 'boolean', summary: 'buy one small machine and measure it (a cent; asks first)' },
      { name: 'instance', type: 'string', value: 'TYPE', summary: 'with --live: another type than the smallest' },
      { name: 'spot', type: 'boolean', summary: 'with --live: a spot machine' },
      { name: 'yes', type: 'boolean', summary: 'do not ask' },
      JSON_FLAG,
    ],
    examples: [
      ['remote cloud doctor', 'credentials, stack, version, API, live path, a launch that is not done, quotas'],
      ['remote cloud doctor --orphans', 'what costs money and is nobody’s'],
      ['remote cloud doctor --orphans --end', 'shows them, asks, ends them'],
      ['remote cloud doctor --live', 'one real session, timed until its machine is gone'],
    ],
    load: async () => (await import('../commands/cloud-doctor.ts')).cloudDoctor,
  },
]
