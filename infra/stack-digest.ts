import { existsSync, readFileSync } from 'node:fs'
import type { Config } from './config.ts'
import { distFile } from './dist-file.ts'

/** What the build says this deployment is made of; the CLI compares it with its own. Undefined for a `dist` that was put together by hand. */
export const stackDigest = (config: Config): string | undefined => {
  const file = distFile(config, 'stack-digest')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}
