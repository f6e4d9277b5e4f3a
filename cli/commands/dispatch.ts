import type { DispatchInput } from '../../core/contract/dispatch.ts'
import { connectTo } from '../control-planes.ts'
import { dispatchRequest, secretsOf } from '../dispatch-request.ts'
import { finishDispatch } from '../finish-dispatch.ts'
import { readTask } from '../read-task.ts'
import { checkRuntime } from '../runtime.ts'
import { printedSecrets } from '../secret-command.ts'
import { settle } from '../settings.ts'
import type { Command } from '../verbs/verb.ts'

export const dispatch: Command = async ({ io, args, flags: given }) => {
  const quiet = given.on('quiet')
  const task = await readTask(io, args)
  const { flags, project } = await settle(io, given, given.text('repo') ?? io.cwd)
  const connection = await connectTo(io, checkRuntime(flags.text('on') ?? 'local'), { quiet })
  const printed = await printedSecrets(io, connection, secretsOf(flags, project))
  const sent = flags.on('no-repo')
    ? undefined
    : await (await import('../send-repository.ts')).sendRepository(io, connection, flags, quiet)
  const body: DispatchInput = dispatchRequest({
    task,
    flags,
    env: io.env,
    project,
    author: sent?.author,
    isNear: connection.isNear,
  })
  body.credentials = { ...body.credentials, ...printed }
  if (sent) body.repository = sent.source
  if (sent && sent.cwdInside !== '') body.cwd = sent.cwdInside
  // One key for all tries of this call: an answer that got lost must not start a second session.
  const session = await connection.post('/v1/sessions', { json: body }, { headers: { 'idempotency-key': crypto.randomUUID() } })
  return finishDispatch({ io, connection, session, flags, repositoryDir: sent?.repositoryDir })
}
