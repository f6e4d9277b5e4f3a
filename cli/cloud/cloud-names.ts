import type { Cloud, Clouds } from './clouds-file.ts'

const PREFIX = 'cloud:'

/** What is said after `cloud:`; undefined for the bare word. */
export const nameIn = (runtime: string): string | undefined =>
  runtime.startsWith(PREFIX) ? runtime.slice(PREFIX.length) : undefined

/** REGION, REGION/STACK or REGION/STACK@WHO, where WHO is an account or a profile. */
export const partsOf = (name: string): { region: string; stack: string | undefined; who: string | undefined } => {
  const [place = '', who] = name.split('@')
  const [region = '', stack] = place.split('/')
  return { region, stack, who }
}

/** As a profile; an account is none. */
export const profileIn = (who: string | undefined): string | undefined => (/^\d{12}$/.test(who ?? '') ? undefined : who)

/** One stack, looked at by whatever profile. Where an account is not known, the address of its API stands for it, or the profile. */
export const isSame = (a: Cloud, b: Cloud): boolean =>
  a.region === b.region &&
  a.stack === b.stack &&
  (a.account && b.account ? a.account === b.account : a.apiUrl === b.apiUrl || (a.profile ?? '') === (b.profile ?? ''))

/** The name that a cloud has, or gets: its region, and more only where that is another one's already. A name never changes its meaning. */
export const keyFor = (clouds: Clouds['clouds'], cloud: Cloud): string => {
  const [known] = Object.entries(clouds).find(([, one]) => isSame(one, cloud)) ?? []
  if (known !== undefined) return known
  const { region, stack, account, profile } = cloud
  const names = [region, `${region}/${stack}`, `${region}/${stack}@${account ?? profile ?? ''}`]
  const free = names.find((name) => clouds[name] === undefined)
  return free ?? `${region}/${stack}@${profile ?? ''}`
}

/** The one that a name means: exactly so, or by more than it takes. Undefined when none is, or more than one. */
export const keyOf = (clouds: Clouds['clouds'], name: string): string | undefined => {
  if (clouds[name] !== undefined) return name
  const { region, stack, who } = partsOf(name)
  if (stack === undefined) return undefined
  const fitting = Object.entries(clouds).filter(
    ([, cloud]) =>
      cloud.region === region && cloud.stack === stack && (who === undefined || cloud.account === who || cloud.profile === who),
  )
  return fitting.length === 1 ? fitting[0]?.[0] : undefined
}

/** As far is whatever is not farther by so much: what two measurements of one place may differ by. */
const isAsFar = (ms: number, best: number) => ms <= best + Math.max(5, best / 5)

/** The nearest of those that answered; of several that are as near the one used last, and that one also when nothing was measured. */
export const nearestKey = ({ preferred, clouds }: Clouds): string | undefined => {
  const measured = Object.entries(clouds).flatMap(([key, { ms }]) => (ms === undefined ? [] : [{ key, ms }]))
  const [nearest] = measured.toSorted((a, b) => a.ms - b.ms || a.key.localeCompare(b.key))
  const last = preferred !== undefined && clouds[preferred] !== undefined ? preferred : Object.keys(clouds)[0]
  if (nearest === undefined) return last
  return measured.some(({ key, ms }) => key === last && isAsFar(ms, nearest.ms)) ? last : nearest.key
}

/** As one says it: with one cloud alone there is nothing to tell apart. */
export const runtimeOfKey = (clouds: Clouds['clouds'], key: string): string =>
  Object.keys(clouds).length > 1 ? `${PREFIX}${key}` : 'cloud'

/** Runtimes of all clouds that are in use. */
export const cloudRuntimes = ({ clouds }: Clouds): string[] => Object.keys(clouds).map((key) => runtimeOfKey(clouds, key))
