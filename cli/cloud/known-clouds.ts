import { Flags } from '../flags.ts'
import type { Io } from '../io.ts'
import { runtimeOf } from '../runtime.ts'
import { keyOf, nameIn, nearestKey } from './cloud-names.ts'
import { type Cloud, readClouds } from './clouds-file.ts'

export type KnownCloud = Cloud & { runtime: string; isMeant: boolean }

/** The clouds in use as they were last looked at, and which of them `cloud` means. Nothing is asked of AWS. */
export const knownClouds = async (io: Io): Promise<KnownCloud[]> => {
  const known = readClouds(io.env)
  const entries = Object.entries(known.clouds)
  if (entries.length === 0) return []
  const chosen = nameIn(await runtimeOf(io, new Flags(new Map())))
  const meant = chosen === undefined ? nearestKey(known) : keyOf(known.clouds, chosen)
  return entries.map(([key, cloud]) => ({ ...cloud, runtime: `cloud:${key}`, isMeant: key === meant }))
}

/** In a few words: whose it is, and how far. */
export const saidOf = ({ stack, region, account, profile, ms }: Cloud): string =>
  [
    `stack ${stack} in ${region}`,
    account && `account ${account}`,
    profile && `profile ${profile}`,
    ms === undefined ? 'not measured' : `${ms} ms away`,
  ]
    .filter((part) => part !== undefined && part !== '')
    .join(', ')
