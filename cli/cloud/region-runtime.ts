import type { Flags } from '../flags.ts'
import { checkRuntime } from '../runtime.ts'

/** The cloud that --region names; without it the user's default, or the nearest. */
export const regionRuntime = (flags: Flags): string => {
  const region = flags.text('region')
  return checkRuntime(region === undefined ? 'cloud' : `cloud:${region}`)
}
