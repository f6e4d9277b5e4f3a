import { RemoteError } from '../core/contract/remote-error.ts'
import type { Flags } from './flags.ts'
import type { Io } from './io.ts'
import { nearest } from './nearest.ts'

/** `cloud:REGION`, and where that is not enough `cloud:REGION/STACK` or `cloud:REGION/STACK@ACCOUNT`. */
const CLOUD = /^cloud(:[a-z0-9-]{1,32}(\/[A-Za-z][A-Za-z0-9-]{0,127}(@[\w.+-]{1,128})?)?)?$/
const HOST = /^ssh:[A-Za-z0-9._@-]{1,128}$/

export const isCloud = (runtime: string): boolean => CLOUD.test(runtime)

/** The runtime to use; refuses what this version cannot, before anything is sent anywhere. */
export const checkRuntime = (name: string): string => {
  if (name === 'local' || isCloud(name)) return name
  if (HOST.test(name)) {
    throw new RemoteError('not_supported', `this version runs sessions here and in AWS, not on ${name}`, {
      hint: 'leave out --on, or say --on local or --on cloud',
    })
  }
  const meant = nearest(name, ['local', 'cloud'])
  throw new RemoteError('usage', `\`${name.slice(0, 60)}\` is not a runtime`, {
    hint: meant ? `did you mean ${meant}?` : 'runtimes: local, cloud, cloud:REGION, cloud:REGION/STACK',
  })
}

/** Verbs that are about no repository work anywhere, also where there is no directory any more. */
const placeOf = (io: Io): string => {
  try {
    return io.cwd
  } catch (error) {
    if (error instanceof RemoteError) return '/'
    throw error
  }
}

/** Where a verb that is about no session goes: --on, else the user's default. */
export const runtimeOf = async (io: Io, flags: Flags): Promise<string> => {
  const given = flags.text('on')
  if (given !== undefined) return checkRuntime(given)
  // Not needed by whoever uses no cloud.
  const { settle } = await import('./settings.ts')
  return checkRuntime((await settle(io, flags, placeOf(io))).flags.text('on') ?? 'local')
}
