import { RemoteError } from '../core/contract/remote-error.ts'
import type { Workspace } from '../core/contract/workspace.ts'
import type { Connection } from './connect.ts'
import { askSide, cloudsInUse, connectTo, type Quietly, type Told, warnOf } from './control-planes.ts'
import type { Flags } from './flags.ts'
import { type Io, write } from './io.ts'
import { isCloud, runtimeOf } from './runtime.ts'

export type Wanted = Quietly & {
  /** Where it would be without the workspace. */
  runtime: string
  /** As the user typed it, if so: then it is there and nowhere else. */
  on: string | undefined
}

const isElsewhere = (told: Told<Workspace>) => 'error' in told && told.error.code === 'not_found'

/** Of several clouds the one that has the workspace: it lies in one region, and what works on it must be there. */
export const connectToWorkspace = async (io: Io, name: string, { runtime, on, quiet = false }: Wanted): Promise<Connection> => {
  const first = () => connectTo(io, runtime, { quiet })
  const clouds = isCloud(runtime) && !on?.startsWith('cloud:') ? await cloudsInUse(io) : []
  if (clouds.length <= 1) return first()
  const has = (side: Connection) => side.get('/v1/workspaces/:name', { param: { name } }, { once: true })
  const preferred = await first()
  const own = await askSide(preferred.runtime, async () => preferred, has)
  if (!isElsewhere(own)) return preferred
  const others = clouds.filter((one) => one !== preferred.runtime)
  const told = await Promise.all(others.map((one) => askSide(one, () => connectTo(io, one, { quiet }), has)))
  const [found, ...more] = told.flatMap((one) => ('value' in one ? [one.connection] : []))
  if (found && more.length > 0) {
    const list = [found, ...more].map((one) => one.runtime)
    throw new RemoteError('ambiguous', `workspace ${name} is in ${list.join(' and in ')}`, { hint: `say which: --on ${list[0]}` })
  }
  if (!quiet) for (const one of told) if ('error' in one && !isElsewhere(one)) await warnOf(io, one)
  if (!found) return preferred // which says that there is none
  if (!quiet) await write(io.stderr, `remote: workspace ${name} is in ${found.runtime}, and so is this\n`)
  return found
}

/** For verbs about one workspace: --on, or the user's default. */
export const connectToWorkspaceAsSaid = async (io: Io, flags: Flags, name: string): Promise<Connection> =>
  connectToWorkspace(io, name, { runtime: await runtimeOf(io, flags), on: flags.text('on'), quiet: flags.on('quiet') })
