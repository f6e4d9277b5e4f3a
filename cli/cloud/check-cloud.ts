import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Connection } from '../connect.ts'
import { type Finding, fail, ok, warn } from '../finding.ts'
import type { Io } from '../io.ts'
import { version } from '../version.ts'
import type { Cloud } from './clouds-file.ts'
import { findStack } from './find-stack.ts'
import { knownClouds } from './known-clouds.ts'
import type { Opened } from './opened-cloud.ts'
import { ownDigest } from './own-digest.ts'
import { checkStackVersion } from './stack-version.ts'
import { QUOTAS, vcpuQuota } from './vcpu-quota.ts'

/** One m6i.4xlarge, which is what large tasks get. */
const ENOUGH_VCPUS = 16

const KEYS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'OPENAI_API_KEY', 'CODEX_API_KEY']

const refused = (name: string, error: unknown): Finding => {
  if (error instanceof RemoteError)
    return fail(name, error.message, error.hint ?? 'see AWS’s own tools: aws sts get-caller-identity')
  throw error
}

/** Throws when there are none: nothing else can be asked then. */
export const checkCredentials = async ({ access, region }: Opened): Promise<Finding[]> => {
  const { account, arn } = await access.identity()
  const from = access.profile ? `profile ${access.profile}` : 'the environment or AWS’s defaults'
  return [ok('credentials', `from ${from}`), ok('identity', arn), ok('place', `account ${account}, region ${region}`)]
}

/** Whether it is the one that `cloud` means, where there are several. */
export const checkNearest = async (io: Io, { runtime }: Opened): Promise<Finding[]> => {
  const clouds = await knownClouds(io)
  if (clouds.length < 2) return []
  const far = clouds.map((one) => `${one.runtime} ${one.ms === undefined ? 'not measured' : `${one.ms} ms`}`).join(', ')
  const meant = clouds.find(({ isMeant }) => isMeant)?.runtime
  return [ok('nearest', `cloud means ${meant ?? 'one that was not used yet'}, this is ${runtime} (${far})`)]
}

/** The stack as it describes itself; without it there is nothing to call. */
export const checkStack = async ({ access, stack, region }: Opened): Promise<{ finding: Finding; cloud?: Cloud }> => {
  try {
    const [cloud, { status, outputs }] = await Promise.all([findStack(access, stack, region), access.describeStack(stack)])
    const remark = checkStackVersion(cloud, cloud.version, version())
    if (remark !== undefined) return { cloud, finding: warn('stack', remark, 'both can be brought up to date') }
    const own = ownDigest()
    const theirs = outputs['Build']
    if (own !== undefined && theirs !== undefined && own !== theirs) {
      const says = `${stack} was deployed from another build of ${cloud.version} (${theirs}, this is ${own}): functions, templates or rights differ`
      const hint = `if this one is the newer: remote cloud deploy --stack ${stack} --region ${region}`
      return { cloud, finding: warn('stack', says, hint) }
    }
    const isSettled = /^(CREATE|UPDATE)_COMPLETE$/.test(status)
    const finding = isSettled
      ? ok('stack', `${stack}, version ${cloud.version}, ${status}`)
      : warn('stack', `${stack} is ${status}`, 'if nobody is deploying right now: remote cloud deploy')
    return { cloud, finding }
  } catch (error) {
    return { finding: refused('stack', error) }
  }
}

/** A clock that is wrong shows here, too. */
export const checkApi = async (connection: Connection): Promise<Finding> => {
  try {
    const began = performance.now()
    const about = await connection.get('/v1/about', {}, { once: true })
    const took = Math.round(performance.now() - began)
    return ok('api', `${about.version}, ${about.activeSessions} sessions under way, answered in ${took} ms`)
  } catch (error) {
    return refused('api', error)
  }
}

/** What agents of sessions log in with. */
export const checkLogin = async (connection: Connection): Promise<Finding> => {
  try {
    const [{ bedrock }, { secrets }] = await Promise.all([
      connection.get('/v1/about', {}, { once: true }),
      connection.get('/v1/secrets', {}, { once: true }),
    ])
    const stored = secrets.map(({ name }) => name).filter((name) => KEYS.includes(name))
    const named = stored.length > 0 ? `${stored.join(', ')}, named with --secret` : undefined
    const without = bedrock ? 'claude without a key: Amazon Bedrock, by credentials of its own' : undefined
    if (named || without) return ok('agent login', [named, without].filter((one) => one !== undefined).join('; '))
    const hint =
      "store a key: remote secrets set ANTHROPIC_API_KEY --on cloud; or without any: remote cloud deploy --set 'bedrock=anthropic.*'"
    return warn('agent login', 'no key is stored, and Bedrock was not chosen: only keys of your environment can be used', hint)
  } catch (error) {
    return refused('agent login', error)
  }
}

export const checkSocket = async (connection: Connection): Promise<Finding> => {
  try {
    const began = performance.now()
    const socket = await connection.openSocket()
    socket.close()
    return ok('live', `a viewer is let in, in ${Math.round(performance.now() - began)} ms`)
  } catch (error) {
    return refused('live', error)
  }
}

const asked = async ({ env }: Io, { access, region }: Opened, code: string): Promise<number | undefined> => {
  const endpoint = env['AWS_ENDPOINT_URL_SERVICE_QUOTAS'] || env['AWS_ENDPOINT_URL'] || undefined
  return vcpuQuota({ region, keys: await access.keys(), endpoint, code }).catch(() => undefined)
}

/** New accounts have 5 vCPUs: then an m6i.2xlarge is refused by AWS, whatever is asked. */
export const checkQuotas = (io: Io, opened: Opened): Promise<Finding[]> =>
  Promise.all(
    Object.entries(QUOTAS).map(async ([kind, code]): Promise<Finding> => {
      const vcpus = await asked(io, opened, code)
      const raise = `ask for more, it is free: aws service-quotas request-service-quota-increase --region ${opened.region} --service-code ec2 --quota-code ${code} --desired-value 64`
      if (vcpus === undefined) {
        const see = `see it yourself: aws service-quotas get-service-quota --region ${opened.region} --service-code ec2 --quota-code ${code}`
        return warn(`vCPUs ${kind}`, 'not checked: servicequotas:GetServiceQuota was not answered', see)
      }
      if (vcpus >= ENOUGH_VCPUS) return ok(`vCPUs ${kind}`, `${vcpus} at the same time`)
      return warn(`vCPUs ${kind}`, `only ${vcpus} at the same time: machines larger than that are refused by AWS`, raise)
    }),
  )
