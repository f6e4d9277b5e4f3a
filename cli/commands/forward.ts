import { write } from '../io.ts'
import { checkLocalPort } from '../ssh/check-local-port.ts'
import { findTarget } from '../ssh/find-target.ts'
import { keepForwarding } from '../ssh/keep-forwarding.ts'
import { portPair } from '../ssh/port-pair.ts'
import { isOver } from '../ssh/target.ts'
import { untilInterrupted } from '../ssh/until-interrupted.ts'
import type { Command } from '../verbs/verb.ts'

export const forward: Command = async ({ io, args: [id = '', text = ''], flags }) => {
  const ports = portPair(text)
  const quiet = flags.on('quiet')
  const { first, target, forget, session, connection } = await findTarget(io, id, { quiet })
  await checkLocalPort(ports.local)
  const say = async (line: string) => {
    if (!quiet) await write(io.stderr, `remote: ${line}\n`)
  }
  let again = false
  const onReady = async () => {
    await say(`127.0.0.1:${ports.local} is port ${ports.remote} of ${session}${again ? ' again' : ' (Ctrl-C ends it)'}`)
    if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ session, ...ports, again })}\n`)
    again = true
  }
  const hasEnded = async () => isOver(await connection.get('/v1/sessions/:id', { param: { id: session } }))
  const onBroken = (why: string) => say(`opening it again: ${why}`)
  return untilInterrupted(io, async (signal) => {
    await keepForwarding({ io, ports, first, target, forget, hasEnded, onReady, onBroken, signal })
    if (!signal.aborted) await say(`${session} has ended`)
    return 0
  })
}
