import { RemoteError } from '../../core/contract/remote-error.ts'
import { askHidden } from '../ask.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { checkSecret, readSecret } from '../secret-value.ts'
import type { Call, Command } from '../verbs/verb.ts'

const entered = async ({ io, flags }: Call, name: string): Promise<{ value: string } | { command: string }> => {
  const command = flags.text('from-command')?.trim()
  if (command !== undefined) return { command }
  const read = io.stdin.isTTY === true ? await askHidden(io, `Value of ${name} (not shown): `) : await readSecret(io.stdin)
  return { value: checkSecret(read, 'the value') }
}

export const secretsSet: Command = async (call) => {
  const { io, args, flags } = call
  const [name = ''] = args
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    throw new RemoteError('usage', `\`${name.slice(0, 40)}\` cannot name a secret`, {
      hint: 'it becomes a variable: letters, digits and underscores, like GITHUB_TOKEN',
    })
  }
  const quiet = flags.on('quiet')
  const connection = await connectAsSaid(io, flags)
  if (!connection.isNear && flags.has('from-command')) {
    throw new RemoteError('refused', 'a command is kept on this computer alone, where it is run', {
      hint: `its output reaches cloud sessions, too: remote secrets set ${name} --from-command "…" --on local`,
    })
  }
  const given = await entered(call, name)
  const secret = await connection.put('/v1/secrets/:name', { param: { name }, json: given })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(secret)}\n`)
  else if (quiet) await write(io.stdout, `${name}\n`)
  else {
    const what = 'command' in given ? 'its command runs at each dispatch, in /' : `${secret.bytes} bytes`
    await write(io.stderr, `${name} is stored (${what}); sessions that name it get it: --secret ${name}\n`)
  }
  return 0
}
