import { RemoteError } from '../../core/contract/remote-error.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { shownSize } from '../values/size.ts'
import type { Command } from '../verbs/verb.ts'

const nameOf = (argument: string | undefined, flag: string | undefined): string => {
  const name = flag ?? argument
  if (name === undefined)
    throw new RemoteError('usage', 'a workspace needs a name', {
      hint: 'for example: remote workspace create --name project-alpha --size 100gb',
    })
  if (argument !== undefined && flag !== undefined && argument !== flag) {
    throw new RemoteError('usage', `two names were given, ${argument} and ${flag}`, { hint: 'give one' })
  }
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name
  throw new RemoteError('usage', `\`${name.slice(0, 70)}\` cannot name a workspace`, {
    hint: 'small letters, digits, dots, dashes and underscores, up to 63, beginning with a letter or digit',
  })
}

export const workspaceCreate: Command = async ({ io, args, flags }) => {
  const name = nameOf(args[0], flags.text('name'))
  const sizeBytes = flags.number('size')
  const connection = await connectAsSaid(io, flags)
  const snapshot = flags.text('from-snapshot')
  const body = {
    name,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(snapshot === undefined ? {} : { snapshot }),
    runtime: connection.isNear ? 'local' : 'cloud',
  }
  const workspace = await connection.post('/v1/workspaces', { json: body })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(workspace)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${workspace.name}\n`)
  else
    await write(
      io.stderr,
      `workspace ${workspace.name} is there (${workspace.runtime}, ${shownSize(workspace.sizeBytes)})\n  use it: remote dispatch "…" --workspace ${workspace.name}\n`,
    )
  return 0
}
