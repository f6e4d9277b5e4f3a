import { createRequire } from 'node:module'

/** Set by the build, which has no package.json beside it. */
declare const REMOTE_VERSION: string | undefined

const fromPackage = (): string => {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  return version
}

export const VERSION: string = typeof REMOTE_VERSION === 'string' ? REMOTE_VERSION : fromPackage()
