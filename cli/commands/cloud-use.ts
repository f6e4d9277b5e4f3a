import { type AwsAccess, awsAccess } from '../cloud/aws-access.ts'
import { cloudRuntimes, nearestKey, runtimeOfKey } from '../cloud/cloud-names.ts'
import { type Cloud, type Clouds, keepCloud, keepDistances } from '../cloud/clouds-file.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { DEFAULT_STACK, findStack, regionOf } from '../cloud/find-stack.ts'
import { distances } from '../cloud/measure-distance.ts'
import { type Io, write } from '../io.ts'
import { keepSetting } from '../keep-setting.ts'
import type { Call, Command } from '../verbs/verb.ts'

type Used = { key: string; known: Clouds; arn: string }

const ofMs = ({ ms }: Cloud) => (ms === undefined ? 'not measured' : `${ms} ms away`)

/** Which of several `cloud` means now, and how to say another one. */
const whichOne = (runtime: string, { key, known }: Used): string => {
  const runtimes = cloudRuntimes(known)
  if (runtimes.length === 1) return 'sessions run there unless you say --on local; for good: remote config set on local\n'
  const nearest = nearestKey(known) ?? key
  const others = runtimes.filter((one) => one !== runtime).join(', ')
  const there =
    nearest === key
      ? `of your clouds it is the nearest: sessions run there unless you say --on; also in use: ${others}\n`
      : `cloud:${nearest} is nearer (${ofMs(known.clouds[nearest] as Cloud)}): sessions run there unless you say --on ${runtime}\n`
  return `${there}always one and the same: remote config set on ${runtime}; here: remote config set on local\n`
}

const told = async (io: Io, runtime: string, used: Used) => {
  const cloud = used.known.clouds[used.key] as Cloud
  const { stack, region, account, profile, version } = cloud
  const as = profile ? `profile ${profile}, ` : ''
  await write(
    io.stderr,
    `${runtime} is stack ${stack} in ${region}, account ${account}, version ${version}, ${ofMs(cloud)} (${as}${used.arn})\n` +
      whichOne(runtime, used),
  )
}

export type Chosen = { access: AwsAccess; stack: string; region: string }

/** Finds the stack, tries it, and only then makes clouds the default; measures how far each of them is. */
export const useCloud = async ({ io, flags }: Pick<Call, 'io' | 'flags'>, { access, stack, region }: Chosen): Promise<number> => {
  const found = await findStack(access, stack, region)
  const { account, arn } = await access.identity()
  const cloud = { ...found, account }
  // Who may look at the stack may still not be allowed to call its API.
  const about = await connectCloud(io, 'cloud', cloud, { quiet: flags.on('quiet') }).get('/v1/about')
  const { key, clouds } = keepCloud(io.env, { ...cloud, version: about.version }, true)
  const known = keepDistances(io.env, await distances(clouds))
  await keepSetting(io.env, 'on', 'cloud')
  const runtime = runtimeOfKey(known.clouds, key)
  const used: Used = { key, known, arn }
  if (flags.on('json')) {
    const nearest = runtimeOfKey(known.clouds, nearestKey(known) ?? key)
    await write(io.stdout, `${JSON.stringify({ runtime, nearest, ...known.clouds[key], arn, about })}\n`)
  } else if (flags.on('quiet')) await write(io.stdout, `${runtime}\n`)
  else await told(io, runtime, used)
  return 0
}

export const cloudUse: Command = async (call) => {
  const { io, flags } = call
  const access = awsAccess(io.env, { profile: flags.text('profile'), region: flags.text('region') })
  return useCloud(call, { access, stack: flags.text('stack') ?? DEFAULT_STACK, region: await regionOf(access) })
}
