import type { DispatchInput } from '../../core/contract/dispatch.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { accepted } from '../accepted.ts'
import type { Connection } from '../connect.ts'
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
  if (on === undefined || checkRuntime(on) === runtime) return found
  // `cloud` is any of them; a name is that one, however it is said.
  const isMeant = async () => on === 'cloud' || (await import('../cloud/open-cloud.ts')).isSaidOf(io, on, runtime)
  if (isCloud(on) && isCloud(runtime) && (await isMeant())) return found
  throw new RemoteError('usage', `${found.session.id} is on ${runtime}, not on ${on}`, {
    hint: 'leave out --on: it goes where that session is',
  })
}

/** Where --on or the default says; what works on a workspace goes to the cloud that has it. */
const placeFor = async (io: Io, given: Flags, flags: Flags, quiet: boolean): Promise<Connection> => {
  const runtime = checkRuntime(flags.text('on') ?? 'local')
  const workspace = flags.text('workspace')
  if (workspace === undefined || !isCloud(runtime)) return connectTo(io, runtime, { quiet })
  const { connectToWorkspace } = await import('../connect-to-workspace.ts')
  return connectToWorkspace(io, workspace, { runtime, on: given.text('on'), quiet })
}

/** What would be ignored is refused. */
const checkFlags = (given: Flags) => {
  const odd = given.on('no-repo') ? ['repo', 'ref', 'cwd', 'filtered', 'push'].find((name) => given.has(name)) : undefined
  if (odd !== undefined)
    throw new RemoteError('usage', `--${odd} is about a repository, and --no-repo leaves it out`, { hint: 'give one of them' })
}

export const dispatch: Command = async ({ io, args, flags: given }) => {
  const quiet = given.on('quiet')
  checkFlags(given)
  const task = await readTask(io, args)
  const { flags, project } = await settle(io, given, given.text('repo') ?? io.cwd)
  const beside = given.text('with')
  const host = beside === undefined ? undefined : await hostOf(io, beside, given)
  const connection = host?.connection ?? (await placeFor(io, given, flags, quiet))
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
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const { session, isLeft } = await accepted(io, () => connection.post('/v1/sessions', { json: body }, { headers }))
  return finishDispatch({ io, connection, session, flags, repositoryDir: sent?.repositoryDir, isLeft })
}
