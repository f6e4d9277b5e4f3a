import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Neighbours, Work } from '../../core/contract/runner.ts'
import { MARKER } from '../process-tree.ts'

const run = promisify(execFile)
/** What a runner that is ended leaves is brought away first. */
const DEADLINE_MS = 300_000

const isId = (session: string) => /^s-[0-9a-z]{10}$/.test(session)
const keyOf = ({ session, attempt }: Work) => `${session} ${attempt}`

/**
 * Sees to other sessions of this machine, as the control plane says, by the machine's own `program` (boot/session.sh), one after the
 * other. What failed is tried again when it is said again.
 */
export const openNeighbours = (program: string | undefined) => {
  const started = new Set<string>()
  const ended = new Map<string, Work>()
  let work: Promise<unknown> = Promise.resolve()

  const call = async (what: 'start' | 'end', { session, attempt }: Work, ...more: string[]) => {
    if (program === undefined || !isId(session) || !Number.isSafeInteger(attempt)) return false
    // Not among the processes of this session, which go when it ends.
    const { [MARKER]: _, ...env } = process.env
    try {
      await run(program, [what, session, String(attempt), ...more], { timeout: DEADLINE_MS, env })
      return true
    } catch (error) {
      console.error(`${what} of ${session}, attempt ${attempt}: ${error}`)
      return false
    }
  }
  const start = async (one: Neighbours['start'][number]) => {
    if (started.has(keyOf(one))) return
    const { ttlSeconds } = one
    if (await call('start', one, ttlSeconds === null ? '' : String(Math.ceil(ttlSeconds)))) started.add(keyOf(one))
  }
  const end = async (one: Work, tell: () => unknown) => {
    if (ended.has(keyOf(one)) || !(await call('end', one))) return
    ended.set(keyOf(one), { session: one.session, attempt: one.attempt })
    tell()
  }

  return {
    /** `tell`: something can be reported. */
    see: (neighbours: Neighbours | undefined, tell: () => unknown = () => undefined): void => {
      for (const one of neighbours?.start ?? []) work = work.then(() => start(one))
      for (const one of neighbours?.end ?? []) work = work.then(() => end(one, tell))
    },
    /** For the next beat: of whom nothing runs here. */
    report: (): { ended?: Work[] } => (ended.size > 0 ? { ended: [...ended.values()] } : {}),
    /** Resolves when everything that was said has been tried. */
    settled: async (): Promise<void> => {
      await work
    },
  }
}
