import { delimiter, isAbsolute, join } from 'node:path'
import { isProgram } from './is-program.ts'

const FALLBACK_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Our PATH, as far as it means the same wherever one stands: an entry like `./node_modules/.bin` leads into an agent's checkout. */
export const ownPath = (): string =>
  (process.env['PATH'] ?? FALLBACK_PATH)
    .split(delimiter)
    .filter((place) => isAbsolute(place))
    .join(delimiter)

/**
 * Where the machine has a program of ours that is started with an environment that is not ours: its PATH is the session's to say, and must
 * not say what puts up the fence around it. Null where there is none.
 */
export const findOwnProgram = (program: string): string | null =>
  ownPath()
    .split(delimiter)
    .map((place) => join(place, program))
    .find(isProgram) ?? null

/** The same; the name alone where there is none, for the system to say so. */
export const ownProgram = (program: string): string => findOwnProgram(program) ?? program
