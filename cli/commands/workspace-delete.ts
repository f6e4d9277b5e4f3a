import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import { askLine } from '../ask.ts'
import { connectToWorkspaceAsSaid } from '../connect-to-workspace.ts'
import { write } from '../io.ts'
import { shownSize } from '../values/size.ts'
import type { Call, Command } from '../verbs/verb.ts'

/** Its data is gone for good, so a slip of the fingers must not do. */
const confirm = async ({ io }: Call, { name, usedBytes, snapshots = [] }: Workspace) => {
  if (io.stdin.isTTY !== true) {
    throw new RemoteError('refused', `deleting workspace ${name} cannot be undone, and nobody is here to ask`, {
      hint: `if you mean it: remote workspace delete ${name} --yes`,
    })
  }
  const size = usedBytes === undefined ? '' : ` (${shownSize(usedBytes)})`
  const kept = snapshots.length === 0 ? '' : ` and its ${snapshots.length} snapshot${snapshots.length === 1 ? '' : 's'}`
  const typed = await askLine(io, `Everything in ${name}${size}${kept} will be gone for good. Its name again: `)
  if (typed.trim() !== name)
    throw new RemoteError('refused', 'that is not its name, so nothing was deleted', { hint: `type: ${name}` })
}

export const workspaceDelete: Command = async (call) => {
  const { io, args, flags } = call
  const [name = ''] = args
  const quiet = flags.on('quiet')
  const connection = await connectToWorkspaceAsSaid(io, flags, name)
  const workspace = await connection.get('/v1/workspaces/:name', { param: { name } })
  if (!flags.on('yes')) await confirm(call, workspace)
  await connection.delete('/v1/workspaces/:name', { param: { name } })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(workspace)}\n`)
  else if (quiet) await write(io.stdout, `${name}\n`)
  else await write(io.stderr, `workspace ${name} is deleted\n`)
  return 0
}
