import { readFileSync } from 'node:fs'
import type { Node } from 'constructs'
import { asText, between, listOf, matching, oneOf, readKnobs, type Values, wholeBetween, yesOrNo } from './knobs.ts'

/** As `uname` of the bundles has it: x64 is x86-64. */
export type Architecture = 'x64' | 'arm64'

const isArchitecture = (text: string): text is Architecture => text === 'x64' || text === 'arm64'
const isEmail = (text: string): text is string => /^[^@\s]+@[^@\s]+$/.test(text)
const isWebhook = (text: string): text is string => /^https:\/\/\S+$/.test(text)
const isModel = (text: string): text is string => /^[a-z0-9-]+\.[a-z0-9.:*-]+$/.test(text)
const IMAGE = /^(ami-[0-9a-f]{8,17}|\/[\w./-]+)$/
const IMAGE_WANTS = 'an image id (ami-…) or the name of an SSM parameter that holds one'

/**
 * All that can be chosen at deploy: `npx cdk deploy --all -c remote.NAME=VALUE`, or `"remote.NAME": VALUE` under `context` in cdk.json.
 * Every default is safe and costs next to nothing while nobody works.
 */
export const KNOBS = {
  /** The stack's name; `NAME-state` holds what is kept. Several names are several control planes in one account. */
  name: matching('remote', /^[a-z][a-z0-9-]{0,23}$/, 'up to 24 lower-case letters, digits and dashes'),
  /** Zones with a subnet, from the first on; 0: every zone of the region. More find more spot machines and cost nothing; fewer must be chosen where your default VPC lacks some. */
  zones: wholeBetween(0, 0, 6),
  /** First address of the network, a /16. Matters only if you connect it to networks of your own. */
  network: matching('10.113.0.0', /^(10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168)\.0\.0$/, 'a private /16, such as 10.113.0.0'),
  /** Machines that can be launched. Each needs its runner bundle: node build-runner-bundle.ts x64 arm64 */
  architectures: listOf<Architecture>(['x64', 'arm64'], isArchitecture, 'x64, arm64'),
  /** What x86-64 machines boot: Debian 12 or Ubuntu 24.04, or what `remote cloud bake` made. Looked up at deploy. */
  imageX64: matching('/aws/service/debian/release/12/latest/amd64', IMAGE, IMAGE_WANTS),
  /** The same for arm64. */
  imageArm64: matching('/aws/service/debian/release/12/latest/arm64', IMAGE, IMAGE_WANTS),
  /** The image's own name of its first disk: /dev/xvda for Debian, /dev/sda1 for Ubuntu. */
  rootDevice: matching('/dev/xvda', /^\/dev\/[a-z0-9]+$/, 'a device, such as /dev/xvda'),
  /** A machine's disk; 40 GB cost about half a cent a working day. */
  diskGb: wholeBetween(40, 8, 2000),
  /** What functions run on; arm64 costs a fifth less. */
  functionArchitecture: oneOf<Architecture>('arm64', ['arm64', 'x64']),
  /** The EC2 Instance Connect Endpoint, for `ssh` and `scp` into machines that nobody can reach otherwise. Free. */
  instanceConnect: yesOrNo(true),
  /**
   * Models of Amazon Bedrock that agents may invoke without any key: ids, with * for what differs, such as anthropic.*. None unless chosen:
   * what they cost is on AWS's bill, which is not seen by --max-cost before the agent tells.
   */
  bedrock: listOf<string>([], isModel, 'ids of models, such as anthropic.*'),
  /** Seconds from launch to the runner's hello before a machine is given up. */
  bootSeconds: wholeBetween(300, 60, 1800),
  /** How long logs, results and snapshots of sessions are kept, in days. */
  keptDays: wholeBetween(30, 1, 3650),
  /** A session is ended when its machines have stored more than so many GB: its log, results, what its agent remembers. */
  storedGb: wholeBetween(20, 1, 10_000),
  /** How long the functions' own logs are kept, in days, as CloudWatch offers them. */
  logDays: oneOf('30', ['1', '3', '5', '7', '14', '30', '60', '90', '180', '365']),
  /** No new sessions beyond so many dollars a day. AWS's own budget tells of the same amount, independently. */
  dailyBudgetUsd: between(10, 0.01, 100_000),
  /**
   * What AWS's budget looks at: the whole `account`, which sees everything at once, or what is tagged with this stack (`tag`), which sees
   * nothing until you have activated the cost allocation tag remote:stack.
   */
  budgetScope: oneOf('account', ['account', 'tag']),
  /** Who is told of spend, alarms and machines that had to be ended: addresses, each confirmed by a mail. */
  emails: listOf<string>([], isEmail, 'mail addresses'),
  /** The same by HTTPS POST; the receiver must confirm SNS's subscription. */
  webhooks: listOf<string>([], isWebhook, 'https:// addresses'),
  /** Continuous backups of the table (35 days); cents at most, because the table is small. */
  pointInTimeRecovery: yesOrNo(true),
  /** Whether the table refuses to be deleted. */
  deletionProtection: yesOrNo(true),
  /** Where the built programs are; relative to the checkout. */
  dist: matching('dist', /./, 'a directory'),
} as const

export type Config = Values<typeof KNOBS> & {
  /** What was chosen, as it was written: the stack says so, and the next deployment chooses the same. */
  given: Readonly<Record<string, string>>
  /** Of the programs: the CLI compares it with its own. */
  version: string
  /** Where it will be deployed, as the CDK's command line knows it; undefined in a synth without credentials. */
  region: string | undefined
  /** The checkout's directory, with a slash. */
  root: URL
}

const PREFIX = 'remote.'

/** The only reader of context. Throws `usage` for what does not fit. */
export const readConfig = (node: Node): Config => {
  const context = Object.entries((node.getAllContext() ?? {}) as Record<string, unknown>)
  const given = Object.fromEntries(
    context.filter(([name]) => name.startsWith(PREFIX)).map(([name, value]) => [name.slice(PREFIX.length), value]),
  )
  const root = new URL('../', import.meta.url)
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
  const chosen = Object.entries(given).filter(([name]) => name !== 'name' && name !== 'dist')
  const asWritten = Object.fromEntries(chosen.map(([name, value]) => [name, asText(value)]))
  return { ...readKnobs(KNOBS, given, PREFIX), given: asWritten, version, root, region: process.env['CDK_DEFAULT_REGION'] }
}
