import { RemoteError } from '../core/contract/remote-error.ts'
import { type Connection, connect } from './connect.ts'
import type { Flags } from './flags.ts'
import { type Io, write } from './io.ts'
import { oneLine } from './output/printable.ts'
import { isCloud, runtimeOf } from './runtime.ts'

export type Quietly = { quiet?: boolean }

/** The control plane that serves a runtime. */
export const connectTo = async (io: Io, runtime: string, { quiet = false }: Quietly): Promise<Connection> =>
  isCloud(runtime) ? (await import('./cloud/open-cloud.ts')).openCloud(io, runtime, { quiet }) : connect(io, { quiet })

/** For verbs that are about no session: --on, or the user's default. */
export const connectAsSaid = async (io: Io, flags: Flags): Promise<Connection> =>
  connectTo(io, await runtimeOf(io, flags), { quiet: flags.on('quiet') })

/** Names of the clouds that are in use. */
export const cloudsInUse = async (io: Io): Promise<string[]> => {
  const { readClouds } = await import('./cloud/clouds-file.ts')
  const known = readClouds(io.env)
  if (Object.keys(known.clouds).length === 0) return []
  return (await import('./cloud/cloud-names.ts')).cloudRuntimes(known)
}

/** How long one side may keep what others have answered from being shown. */
const SIDE_MS = 10_000

/** What one side answered, or why it did not. */
export type Told<T> = { connection: Connection; value: T } | { runtime: string; error: RemoteError }

const inTime = async <T>(runtime: string, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new RemoteError('timeout', `no answer within ${SIDE_MS / 1000} s`, {
      hint: runtime === 'local' ? 'see the daemon: remote doctor' : 'see what is wrong: remote cloud doctor',
    })
    timer = setTimeout(() => reject(error), SIDE_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Asks one side; a refusal is an answer, too. */
export const askSide = async <T>(
  runtime: string,
  open: () => Promise<Connection>,
  ask: (side: Connection) => Promise<T>,
): Promise<Told<T>> => {
  const asked = async () => {
    const connection = await open()
    return { connection, value: await ask(connection) }
  }
  try {
    return await inTime(runtime, asked())
  } catch (error) {
    if (error instanceof RemoteError) return { runtime, error }
    throw error
  }
}

/** One line for a side whose answer is missing from what is shown. */
export const warnOf = (io: Io, { runtime, error }: { runtime: string; error: RemoteError }): Promise<void> =>
  write(io.stderr, `remote: ${runtime} is left out: ${oneLine(error.message)}${error.hint ? ` (${oneLine(error.hint)})` : ''}\n`)
