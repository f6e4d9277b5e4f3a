import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Config } from './config.ts'

/** A file, or with a slash a directory, of what was built. */
export const distFile = ({ root, dist }: Pick<Config, 'root' | 'dist'>, path: string): URL =>
  new URL(path, pathToFileURL(`${resolve(fileURLToPath(root), dist)}/`))
