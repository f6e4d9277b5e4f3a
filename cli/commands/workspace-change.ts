import { setTimeout as pause } from 'node:timers/promises'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Workspace } from '../../core/contract/workspace.ts'
import type { Connection } from '../connect.ts'
import { connectToWorkspaceAsSaid } from '../connect-to-workspace.ts'
import { write } from '../io.ts'
import { shownSize } from '../values/size.ts'
import type { Call, Command } from '../verbs/verb.ts'

/** Between two looks at a disk that is on its way. */
const LOOK_MS = 2000

const tell = async ({ io, flags }: Call, workspace: Workspace, id: string, text: string) => {
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(workspace)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${id}\n`)
  else await write(io.stderr, `${text}\n`)
  return 0
}

export const workspaceSnapshot: Command = async (call) => {
  const { io, args, flags } = call
  const [name = ''] = args
  const connection = await connectToWorkspaceAsSaid(io, flags, name)
  const snapshot = flags.text('delete')
  if (snapshot !== undefined) {
    await connection.delete('/v1/workspaces/:name/snapshots/:snapshot', { param: { name, snapshot } })
    const workspace = await connection.get('/v1/workspaces/:name', { param: { name } })
    return tell(call, workspace, snapshot, `snapshot ${snapshot} of workspace ${name} is deleted`)
  }
  const workspace = await connection.post('/v1/workspaces/:name/snapshots', { param: { name } })
  const id = workspace.snapshots?.at(-1)?.id ?? ''
  const use = `a new workspace begins with it: remote workspace create --name NAME --from-snapshot ${id}`
  return tell(call, workspace, id, `snapshot ${id} of workspace ${name}\n  ${use}`)
}

/** The rest of the way: the control plane goes on whether or not somebody looks. */
const arrived = async ({ io, flags }: Call, connection: Connection, workspace: Workspace): Promise<Workspace> => {
  const { name, movingTo } = workspace
  if (movingTo === undefined) return workspace
  if (!flags.on('quiet')) {
    const how = 'by a snapshot, which takes minutes; Ctrl-C leaves it to itself'
    await write(io.stderr, `workspace ${name} is on its way to ${movingTo}: ${how}\n`)
  }
  for (let now = workspace; ; now = await connection.get('/v1/workspaces/:name', { param: { name } })) {
    if (now.movingTo === undefined) return now
    await pause(LOOK_MS)
  }
}

export const workspaceMove: Command = async (call) => {
  const { io, args, flags } = call
  const [name = ''] = args
  const zone = flags.text('zone')
  if (zone === undefined)
    throw new RemoteError('usage', 'to which zone?', { hint: `for example: remote workspace move ${name} --zone us-east-1b` })
  const connection = await connectToWorkspaceAsSaid(io, flags, name)
  const begun = await connection.post('/v1/workspaces/:name/move', { param: { name }, json: { zone } })
  if (flags.on('detach') && begun.movingTo !== undefined)
    return tell(call, begun, name, `workspace ${name} is on its way to ${zone}\n  see it: remote workspace show ${name}`)
  return tell(call, await arrived(call, connection, begun), name, `workspace ${name} is in ${zone}`)
}

export const workspaceResize: Command = async (call) => {
  const { io, args, flags } = call
  const [name = ''] = args
  const sizeBytes = flags.number('size')
  if (sizeBytes === undefined)
    throw new RemoteError('usage', 'how large?', { hint: `for example: remote workspace resize ${name} --size 200gb` })
  const connection = await connectToWorkspaceAsSaid(io, flags, name)
  const workspace = await connection.post('/v1/workspaces/:name/resize', { param: { name }, json: { sizeBytes } })
  return tell(call, workspace, name, `workspace ${name} has ${shownSize(workspace.sizeBytes)}, from its next session on`)
}
