/** Set by the build, which has no package.json beside it. */
declare const REMOTE_VERSION: string | undefined

const fromPackage = (): string => {
  const { createRequire } = process.getBuiltinModule('node:module')
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  return version
}

export const version = (): string => (typeof REMOTE_VERSION === 'string' ? REMOTE_VERSION : fromPackage())
