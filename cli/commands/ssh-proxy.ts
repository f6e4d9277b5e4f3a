import { RemoteError } from '../../core/contract/remote-error.ts'
import { SSH_USER } from '../../core/contract/ssh.ts'
import { awsAccess } from '../cloud/aws-access.ts'
import { write } from '../io.ts'
import { leaveFailure, pushKey, readTarget } from '../ssh/open-connection.ts'
import { openTunnel } from '../ssh/open-tunnel.ts'
import { openShared } from '../ssh/shared-directory.ts'
import type { Target } from '../ssh/target.ts'
import type { Call, Command } from '../verbs/verb.ts'

const REFUSED = 1

const carry = async ({ io }: Call, target: Target): Promise<number> => {
  const { region, profile } = target
  const { keys } = awsAccess(io.env, { region, profile })
  const why = await openTunnel(target, keys, { input: io.stdin, output: io.stdout })
  if (why !== undefined) await write(io.stderr, `remote: the tunnel has ended: ${why}\n`)
  return why === undefined ? 0 : REFUSED
}

/** For ssh: everything is prepared, and whoever started it says what is wrong. */
const prepared = async (call: Call, dir: string): Promise<number> => {
  try {
    return await carry(call, readTarget(dir))
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    leaveFailure(dir, error)
    return REFUSED
  }
}

export const sshProxy: Command = async (call) => {
  const { io, args, flags } = call
  const dir = flags.text('prepared')
  if (dir !== undefined) return prepared(call, dir)
  const [host = ''] = args
  if (host === '')
    throw new RemoteError('usage', 'ssh-proxy needs SESSION', { hint: 'ssh starts it: see remote help ssh-config' })
  const { findTarget } = await import('../ssh/find-target.ts')
  const { first: target } = await findTarget(io, host.replace(/\.remote$/, ''), { quiet: true })
  const { publicKey } = await openShared(io, host, target)
  // ssh was told of one user for all hosts.
  if (target.user !== SSH_USER)
    await write(io.stderr, `remote: its machine is shared, and you are ${target.user}@${host} there\n`)
  await pushKey(io, target, publicKey)
  return carry(call, target)
}
