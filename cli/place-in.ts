import { isAbsolute, resolve } from 'node:path'
import type { Io } from './io.ts'

/** A path as it was typed. The directory one stands in is asked for only where it matters. */
export const placeIn = (io: Pick<Io, 'cwd'>, path: string | undefined): string =>
  path !== undefined && isAbsolute(path) ? resolve(path) : resolve(io.cwd, path ?? '.')
