import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What this installation would deploy, as its build wrote it down: beside the program, or in the checkout's dist/ when run from source. */
export const ownDigest = (): string | undefined => {
  const here = dirname(fileURLToPath(import.meta.url))
  const file = [join(here, 'stack-digest'), join(here, '..', '..', 'dist', 'stack-digest')].find((path) => existsSync(path))
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim()
}
