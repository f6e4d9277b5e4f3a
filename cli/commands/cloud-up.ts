import type { Session } from '../../core/contract/session.ts'
import { regionRuntime } from '../cloud/region-runtime.ts'
import { connectToWorkspace } from '../connect-to-workspace.ts'
import { connectTo } from '../control-planes.ts'
import { DETACHED_EXIT, exitCodeOf } from '../exit-code.ts'
import { Flags } from '../flags.ts'
import { type Io, write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { receiptText } from '../output/receipt.ts'
import { styleOf } from '../output/style.ts'
import { newTerminal } from '../terminal/new-terminal.ts'
import { waitUntilUp } from '../terminal/wait-until-up.ts'
import { shownDuration } from '../values/duration.ts'
import { shownMoney } from '../values/money.ts'
import type { Call, Command } from '../verbs/verb.ts'

/** As dispatch calls what this verb calls otherwise. */
const asDispatched = (flags: Flags): Flags => {
  const instance = flags.text('instance-type')
  const given = [...flags.entries()].filter(([key]) => !['instance-type', 'region', 'name'].includes(key))
  return new Flags(new Map([...given, ...(instance === undefined ? [] : [['instance', instance] as const])]))
}

const files = async (
  { io, flags }: Pick<Call, 'io' | 'flags'>,
  connection: Awaited<ReturnType<typeof connectTo>>,
  quiet: boolean,
) => {
  if (flags.text('repo') === undefined) return {}
  const { sendRepository } = await import('../send-repository.ts')
  const { source, cwdInside, author } = await sendRepository(io, connection, flags, quiet)
  return { more: { repository: source, ...(cwdInside === '' ? {} : { cwd: cwdInside }) }, author }
}

const back = ({ id }: Session) => `connect: remote connect ${id}   end it: remote cloud down ${id}`

const tellUp = (io: Io, session: Session) => {
  const { attempts, expiresAt, title } = session
  const bought = attempts.at(-1)?.purchase
  const machine = bought
    ? `${bought.instance}${bought.spot ? ' (spot)' : ''} in ${bought.zone}, ${shownMoney(bought.usdPerHour)} an hour with ${bought.diskGb} GB of disk and an address besides`
    : 'a machine'
  const left = expiresAt ? `; it ends in ${shownDuration(Date.parse(expiresAt) - Date.now())} at the latest` : ''
  return write(io.stderr, `${oneLine(title)} is up: ${machine}${left}\n${back(session)}\n`)
}

export const cloudUp: Command = async ({ io, flags: given }) => {
  const quiet = given.on('quiet')
  const json = given.on('json')
  const runtime = regionRuntime(given)
  const workspace = given.text('workspace')
  const connection =
    workspace === undefined
      ? await connectTo(io, runtime, { quiet })
      : await connectToWorkspace(io, workspace, { runtime, on: runtime, quiet })
  const flags = asDispatched(given)
  const brought = await files({ io, flags }, connection, quiet)
  const session = await newTerminal({ io, connection, flags, name: given.text('name') ?? 'terminal', ...brought })
  if (!json) await write(io.stdout, `${session.id}\n`)
  const up = given.on('detach') ? session : await waitUntilUp({ io, connection, session, quiet })
  if (json) await write(io.stdout, `${JSON.stringify(up ?? session)}\n`)
  if (!up) {
    if (!quiet) await write(io.stderr, `\n${session.id} is still being made\n${back(session)}\n`)
    return DETACHED_EXIT
  }
  if (up.state === 'ended') {
    if (!quiet) await write(io.stderr, `${receiptText(up, styleOf(io.stderr, io.env))}\n`)
    return up.outcome ? Math.max(1, exitCodeOf(up.outcome)) : 1
  }
  if (quiet) return 0
  if (given.on('detach')) await write(io.stderr, `${back(session)}\n`)
  else await tellUp(io, up)
  return 0
}
