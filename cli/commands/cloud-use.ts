import { type AwsAccess, awsAccess } from '../cloud/aws-access.ts'
import { type Cloud, cloudRuntimes, keepCloud } from '../cloud/clouds-file.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { DEFAULT_STACK, findStack, regionOf } from '../cloud/find-stack.ts'
import { type Io, write } from '../io.ts'
import { keepSetting } from '../keep-setting.ts'
import type { Call, Command } from '../verbs/verb.ts'

const told = async (io: Io, { stack, region, account, profile, version }: Cloud, arn: string, others: readonly string[]) => {
  const as = profile ? `profile ${profile}, ` : ''
  const more = others.length > 1 ? `also in use: ${others.filter((one) => one !== 'cloud').join(', ')}\n` : ''
  await write(
    io.stderr,
    `cloud is stack ${stack} in ${region}, account ${account}, version ${version} (${as}${arn})\n` +
      `sessions run there unless you say --on local; for good: remote config set on local\n${more}`,
  )
}

export type Chosen = { access: AwsAccess; stack: string; region: string }

/** Finds the stack, tries it, and only then makes it the default. */
export const useCloud = async ({ io, flags }: Pick<Call, 'io' | 'flags'>, { access, stack, region }: Chosen): Promise<number> => {
  const found = await findStack(access, stack, region)
  const { account, arn } = await access.identity()
  const cloud = { ...found, account }
  // Who may look at the stack may still not be allowed to call its API.
  const about = await connectCloud(io, 'cloud', cloud, { quiet: flags.on('quiet') }).get('/v1/about')
  const clouds = keepCloud(io.env, { ...cloud, version: about.version }, true)
  await keepSetting(io.env, 'on', 'cloud')
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ runtime: 'cloud', ...cloud, arn, about })}\n`)
  else if (flags.on('quiet')) await write(io.stdout, 'cloud\n')
  else await told(io, cloud, arn, cloudRuntimes(clouds))
  return 0
}

export const cloudUse: Command = async (call) => {
  const { io, flags } = call
  const access = awsAccess(io.env, { profile: flags.text('profile'), region: flags.text('region') })
  return useCloud(call, { access, stack: flags.text('stack') ?? DEFAULT_STACK, region: await regionOf(access) })
}
