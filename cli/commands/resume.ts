import type { ResumeInput } from '../../core/contract/resume.ts'
import { accepted } from '../accepted.ts'
import { givenEnv, limitsOf } from '../dispatch-request.ts'
import { capturedCredentials, capturedEnvironment } from '../environment.ts'
import { findSession } from '../find-session.ts'
import { finishDispatch } from '../finish-dispatch.ts'
import { readTask } from '../read-task.ts'
import { printedSecrets } from '../secret-command.ts'
import { settle } from '../settings.ts'
import type { Command } from '../verbs/verb.ts'

export const resume: Command = async ({ io, args: [id = '', ...words], flags: given }) => {
  const text = await readTask(io, words, 'text')
  const { flags } = await settle(io, given, io.cwd)
  const { connection, session: before } = await findSession(io, id, { quiet: given.on('quiet') })
  const { request } = before
  const { agent, agentCommand, env } = request
  const secrets = [...new Set([...request.secrets, ...given.all('secret')])]
  const printed = await printedSecrets(io, connection, secrets)
  const body: ResumeInput = {
    text,
    // What the caller's environment says now goes before what it said then.
    env: { ...env, ...capturedEnvironment(io.env, agent, connection.isNear), ...givenEnv(given.all('env'), io.env) },
    credentials: { ...capturedCredentials(io.env, agent, agentCommand !== undefined), ...printed },
    // Settings are for new sessions; this one keeps its own but for what is said here.
    ...limitsOf(given),
    ...(given.has('secret') ? { secrets } : {}),
  }
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const ask = { param: { id: before.id }, json: body }
  const { session, isLeft } = await accepted(io, () => connection.post('/v1/sessions/:id/resume', ask, { headers }))
  const home = session.request.repository ? io.cwd : undefined
  return finishDispatch({ io, connection, session, flags, repositoryDir: home, isLeft })
}
