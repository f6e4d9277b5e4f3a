import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, RemoteError } from '../../core/contract/remote-error.ts'
import { awsAccess } from '../cloud/aws-access.ts'
import type { Io } from '../io.ts'
import { sendPublicKey } from './instance-connect.ts'
import { instanceConnectRefusal } from './instance-connect-refusal.ts'
import { fillDirectory, hostName, type SshDirectory } from './ssh-directory.ts'
import { literal, quoted, sshOptions } from './ssh-options.ts'
import type { Target } from './target.ts'

/** Whom to connect to, for the program that carries the bytes; and why it could not, for whoever started ssh. */
const TARGET = 'target.json'
const FAILURE = 'failure.json'

export const readTarget = (dir: string): Target => JSON.parse(readFileSync(join(dir, TARGET), 'utf8')) as Target

/** Ends the program's part: the one who started ssh says what there is to say. */
export const leaveFailure = (dir: string, { code, message, hint }: RemoteError) =>
  writeFileSync(join(dir, FAILURE), JSON.stringify({ code, message, hint }), { mode: 0o600 })

/** Why there was no tunnel, when that is why ssh ended. */
export const failureIn = (dir: string): RemoteError | undefined => {
  try {
    const { code, message, hint } = JSON.parse(readFileSync(join(dir, FAILURE), 'utf8')) as {
      code: ErrorCode
      message: string
      hint?: string
    }
    return new RemoteError(code, message, { hint })
  } catch {
    return undefined
  }
}

/** Lets this key in for a minute. */
export const pushKey = async (io: Pick<Io, 'env'>, target: Target, publicKey: string) => {
  const { region, profile, session } = target
  const keys = await awsAccess(io.env, { region, profile }).keys()
  const { status, headers, bytes } = await sendPublicKey({ env: io.env, region, keys }, target, publicKey)
  if (status === 200) return
  const refused = { status, date: headers.date, text: bytes.toString('utf8') }
  throw instanceConnectRefusal(refused, { doing: 'ec2-instance-connect:SendSSHPublicKey', session, profile })
}

/** How this very program is started again. */
export const thisProgram = (): string[] => [process.execPath, process.argv[1] ?? 'remote']

/** Prepares a connection in a directory of its own. Answers the arguments with which ssh makes it, up to the host's name. */
export const prepareConnection = async (io: Pick<Io, 'env'>, target: Target, dir: string): Promise<string[]> => {
  const name = hostName(target.session)
  const { key, knownHosts, publicKey }: SshDirectory = await fillDirectory(dir, name, target, io.env)
  writeFileSync(join(dir, TARGET), JSON.stringify(target), { mode: 0o600 })
  await pushKey(io, target, publicKey)
  const proxy = literal([...thisProgram(), 'ssh-proxy', '--prepared', dir].map(quoted).join(' '))
  const options = sshOptions({ user: target.user, proxy, key: literal(key), knownHosts: literal(knownHosts) })
  return ['-F', 'none', ...options.flatMap(([option, value]) => ['-o', `${option}=${value}`]), name]
}
