import { type Flag, JSON_FLAG, ON_FLAG, QUIET_FLAG, type Verb } from './verb.ts'

const STACK_FLAGS: readonly Flag[] = [
  { name: 'stack', type: 'string', value: 'S', summary: 'name of the CloudFormation stack (remote)' },
  { name: 'region', type: 'string', value: 'R', summary: 'its region (that of AWS_REGION or the profile)' },
  { name: 'profile', type: 'string', value: 'P', summary: 'profile of ~/.aws to use (that of AWS_PROFILE)' },
]

export const PLACE_VERBS: readonly Verb[] = [
  {
    name: 'connect',
    group: 'places',
    summary: 'sit down at a terminal session: your shell on its machine, from wherever you are',
    about:
      'What it prints is its log, so it survives lost connections, and several can sit at it: all see the same, and the size is the last one set. Without SESSION it is your newest terminal there; on this computer one is made when there is none, in the cloud `cloud up` makes one. ~. at the beginning of a line leaves it running (exit code 130), ~~ types a ~. Where stdin is no terminal, what is on it is typed. Exits as the shell does.',
    args: [
      {
        name: 'SESSION',
        summary: 'id of a terminal session, local, cloud or cloud:REGION',
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
      ['remote connect s-7k3', 'any terminal session, beside whoever sits there'],
    ],
    load: async () => (await import('../commands/connect.ts')).connectTerminal,
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
      'Finds the stack, tries whether you may call it, and makes it the default. Another region is another runtime, cloud:REGION; the one used last is the one called cloud. Your credentials are found as by AWS’s own tools (profiles, SSO, roles, environment) and are kept nowhere.',
    args: [],
    flags: [...STACK_FLAGS, JSON_FLAG, QUIET_FLAG],
    examples: [
      ['remote cloud use', 'the stack `remote` in your region'],
      ['remote cloud use --region us-east-1 --profile work', 'with a profile, kept for it'],
    ],
    load: async () => (await import('../commands/cloud-use.ts')).cloudUse,
  },
  {
    name: 'cloud doctor',
    group: 'places',
    summary: 'check what cloud sessions need, by trying it',
    about:
      'Each check tries what it is about, a launch too, which EC2 checks and does not do. With --orphans: machines, disks and snapshots of the stack that no live record knows, with their age and price; exit code 1 while there are any. Ending them asks first, and takes the data on them with it.',
    args: [],
    flags: [
      { ...ON_FLAG, summary: 'which cloud: cloud:REGION (the one called cloud when left out)' },
      { name: 'orphans', type: 'boolean', summary: 'only what nobody knows any more' },
      { name: 'end', type: 'boolean', summary: 'with --orphans: end them, after asking' },
      { name: 'yes', type: 'boolean', summary: 'do not ask' },
      JSON_FLAG,
    ],
    examples: [
      ['remote cloud doctor', 'credentials, stack, version, API, live path, a launch that is not done, quotas'],
      ['remote cloud doctor --orphans', 'what costs money and is nobody’s'],
      ['remote cloud doctor --orphans --end', 'shows them, asks, ends them'],
    ],
    load: async () => (await import('../commands/cloud-doctor.ts')).cloudDoctor,
  },
]
