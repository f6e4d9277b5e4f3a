import type { DispatchInput } from '../../core/contract/dispatch.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { connectTo } from '../control-planes.ts'
import { dispatchRequest, secretsOf } from '../dispatch-request.ts'
import type { Found } from '../find-session.ts'
import { finishDispatch } from '../finish-dispatch.ts'
import type { Flags } from '../flags.ts'
import type { Io } from '../io.ts'
import { readTask } from '../read-task.ts'
import { checkRuntime, isCloud } from '../runtime.ts'
import { printedSecrets } from '../secret-command.ts'
import { settle } from '../settings.ts'
import type { Command } from '../verbs/verb.ts'

/** Defaults are for machines that are bought; what is asked for here and now is refused in words. */
const bought = (given: Flags): Pick<DispatchInput, 'instance' | 'spot' | 'maxPriceUsd'> => ({
  instance: given.text('instance'),
  spot: given.on('spot') ? true : undefined,
  maxPriceUsd: given.number('max-price'),
})

/** Where that session is, is where this one goes. */
const hostOf = async (io: Io, id: string, given: Flags): Promise<Found> => {
  const found = await (await import('../find-session.ts')).findSession(io, id, { quiet: given.on('quiet') })
  const on = given.text('on')
  const { runtime } = found.connection
  // `cloud` is whichever of them was used last; a region is that one.
  const isThere = on === undefined || checkRuntime(on) === runtime || (isCloud(runtime) && on === 'cloud')
  if (isThere) return found
  throw new RemoteError('usage', `${found.session.id} is on ${runtime}, not on ${on}`, {
    hint: 'leave out --on: it goes where that session is',
  })
}

export const dispatch: Command = async ({ io, args, flags: given }) => {
  const quiet = given.on('quiet')
  const task = await readTask(io, args)
  const { flags, project } = await settle(io, given, given.text('repo') ?? io.cwd)
  const beside = given.text('with')
  const host = beside === undefined ? undefined : await hostOf(io, beside, given)
  const connection = host?.connection ?? (await connectTo(io, checkRuntime(flags.text('on') ?? 'local'), { quiet }))
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
  if (host) Object.assign(body, { with: host.session.id, ...bought(given) })
  if (sent) body.repository = sent.source
  if (sent && sent.cwdInside !== '') body.cwd = sent.cwdInside
  // One key for all tries of this call: an answer that got lost must not start a second session.
  const session = await connection.post('/v1/sessions', { json: body }, { headers: { 'idempotency-key': crypto.randomUUID() } })
  return finishDispatch({ io, connection, session, flags, repositoryDir: sent?.repositoryDir })
}
