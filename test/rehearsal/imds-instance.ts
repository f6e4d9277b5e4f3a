import type { Metadata } from './imds.ts'
import type { Launch, PushedKey } from './instances-launch.ts'

/** What changes while an instance runs. */
export type Notices = {
  spot?: { action: string; time: string } | undefined
  rebalance?: { noticeTime: string } | undefined
  keys?: (PushedKey & { until: number })[]
}

const EARLY_MS = 5 * 60_000

/** EC2's own: seconds, no fraction. */
export const instant = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

export type RoleCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiration: string }
/** Who gives EC2 the credentials of a role; the role session is named after the instance. */
export type AssumeRole = (roleArn: string, instance: string) => Promise<RoleCredentials>

/** Kept until shortly before they end, as the metadata service does it. */
const roleCredentials = (roleArn: string, instance: string, assumeRole: AssumeRole) => {
  let held: { text: string; until: number } | undefined
  return async () => {
    if (held && held.until > Date.now()) return held.text
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await assumeRole(roleArn, instance)
    const until = Date.parse(expiration)
    const body = {
      Code: 'Success',
      LastUpdated: instant(Date.now()),
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: instant(until),
    }
    held = { text: JSON.stringify(body, null, 2), until: until - EARLY_MS }
    return held.text
  }
}

const iam = (launch: Launch, assumeRole: AssumeRole | undefined): Metadata => {
  if (launch.roleArn === undefined || assumeRole === undefined) return {}
  const role = launch.roleArn.split('/').at(-1) ?? ''
  const profile = launch.roleArn.replace(':role/', ':instance-profile/')
  return {
    iam: {
      info: JSON.stringify({ Code: 'Success', LastUpdated: instant(Date.now()), InstanceProfileArn: profile }),
      'security-credentials': { [role]: roleCredentials(launch.roleArn, launch.id, assumeRole) },
    },
  }
}

/**
 * Keys that were pushed, by user, as long as they hold; in the form that AWS's own AuthorizedKeysCommand reads, signed by nobody here:
 * https://github.com/aws/aws-ec2-instance-connect-config
 */
const activeKeys = (id: string, { keys = [] }: Notices): Metadata | undefined => {
  const held = keys.filter(({ until }) => until > Date.now())
  if (held.length === 0) return undefined
  const text = ({ key, caller, request, until }: (typeof held)[number]) =>
    `#Timestamp=${Math.floor(until / 1000)}\n#Instance=${id}\n#Caller=${caller}\n#Request=${request}\n${key}\nc2lnbmVk\n\n`
  const users = [...new Set(held.map(({ user }) => user))]
  const ofUser = (name: string) => held.filter(({ user }) => user === name)
  return { 'active-keys': Object.fromEntries(users.map((user) => [user, ofUser(user).map(text).join('')])) }
}

type Place = { address: string; hostname: string; mac: string; assumeRole?: AssumeRole | undefined }

/** The metadata of one instance, in the places where EC2 has them. */
export const instanceMetadata = (
  launch: Launch,
  notices: Notices,
  tags: () => Record<string, string>,
  place: Place,
): Metadata => {
  const region = launch.zone.replace(/[a-z]$/, '')
  const identity = {
    accountId: launch.account,
    architecture: launch.architecture,
    availabilityZone: launch.zone,
    imageId: launch.imageId,
    instanceId: launch.id,
    instanceType: launch.type,
    pendingTime: instant(Date.now()),
    privateIp: place.address,
    region,
    version: '2017-09-30',
  }
  const userData = launch.userData === undefined ? {} : { 'user-data': Buffer.from(launch.userData, 'base64').toString('latin1') }
  return {
    dynamic: { 'instance-identity': { document: JSON.stringify(identity, null, 2) } },
    ...userData,
    'meta-data': {
      'ami-id': launch.imageId,
      events: () => notices.rebalance && { recommendations: { rebalance: JSON.stringify(notices.rebalance) } },
      hostname: `${place.hostname}.ec2.internal`,
      ...iam(launch, place.assumeRole),
      'instance-id': launch.id,
      'instance-life-cycle': launch.lifecycle,
      'instance-type': launch.type,
      'local-hostname': `${place.hostname}.ec2.internal`,
      'local-ipv4': place.address,
      mac: place.mac,
      'managed-ssh-keys': () => activeKeys(launch.id, notices),
      placement: { 'availability-zone': launch.zone, region },
      spot: () => notices.spot && { 'instance-action': JSON.stringify(notices.spot), 'termination-time': notices.spot.time },
      ...(launch.metadataTags && { tags: { instance: () => tags() } }),
    },
  }
}
