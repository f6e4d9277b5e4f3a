import { RemoteError } from '../../core/contract/remote-error.ts'
import { keyOf, nameIn, runtimeOfKey } from '../cloud/cloud-names.ts'
import { type Clouds, forgetCloud, readClouds } from '../cloud/clouds-file.ts'
import { write } from '../io.ts'
import { keepSetting } from '../keep-setting.ts'
import { readToml, userConfigFile } from '../settings.ts'
import type { Command } from '../verbs/verb.ts'

const namesOf = ({ clouds }: Clouds) => Object.keys(clouds).map((key) => `cloud:${key}`)

/** As it is listed, with or without `cloud:`; the only one needs no name. */
const keyMeant = (known: Clouds, given: string | undefined): string => {
  const names = namesOf(known)
  if (names.length === 0) throw new RemoteError('not_found', 'no cloud is in use', { hint: 'find one: remote cloud use' })
  const [only, ...others] = Object.keys(known.clouds)
  const isBare = given === undefined || given === 'cloud'
  if (isBare && only !== undefined && others.length === 0) return only
  if (isBare) throw new RemoteError('ambiguous', 'there are several clouds', { hint: `say which: ${names.join(', ')}` })
  const key = keyOf(known.clouds, nameIn(given) ?? given)
  if (key !== undefined) return key
  throw new RemoteError('not_found', `\`${given.slice(0, 80)}\` is no cloud in use`, { hint: `these are: ${names.join(', ')}` })
}

/** The user's own default, when it would go where nothing is known any more. */
const dropDefault = async (env: NodeJS.ProcessEnv, known: Clouds, key: string, left: Clouds): Promise<boolean> => {
  const { defaults } = await readToml(userConfigFile(env))
  const on = typeof defaults === 'object' && defaults !== null && 'on' in defaults ? defaults.on : undefined
  const named = typeof on === 'string' ? nameIn(on) : undefined
  const isMeant = named !== undefined && keyOf(known.clouds, named) === key
  const isOver = isMeant || (on === 'cloud' && Object.keys(left.clouds).length === 0)
  if (isOver) await keepSetting(env, 'on', '')
  return isOver
}

/** What is known here of a cloud, and nothing in AWS. */
export const cloudForget: Command = async ({ io, args: [given], flags }) => {
  const known = readClouds(io.env)
  const key = keyMeant(known, given)
  const cloud = known.clouds[key]
  const runtime = `cloud:${key}`
  const left = forgetCloud(io.env, key)
  const isDefaultOver = await dropDefault(io.env, known, key, left)
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ runtime, ...cloud })}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${runtime}\n`)
  else {
    const rest = Object.keys(left.clouds).map((one) => runtimeOfKey(left.clouds, one))
    const after = isDefaultOver ? 'sessions run on this computer now unless you say --on' : `still in use: ${rest.join(', ')}`
    await write(
      io.stderr,
      `${runtime} is forgotten here: stack ${cloud?.stack}, its sessions and what they cost are untouched\n` +
        `find it again: remote cloud use --stack ${cloud?.stack} --region ${cloud?.region}${cloud?.profile ? ` --profile ${cloud.profile}` : ''}\n` +
        (isDefaultOver || rest.length > 0 ? `${after}\n` : ''),
    )
  }
  return 0
}
