import { RemoteError } from '../core/contract/remote-error.ts'

/** How one setting is read. `wants` completes "must be …". */
export type Knob<T> = { fallback: T; read(given: string): T | undefined; wants: string }

export const matching = (fallback: string, pattern: RegExp, wants: string): Knob<string> => ({
  fallback,
  read: (given) => (pattern.test(given) ? given : undefined),
  wants,
})

export const oneOf = <T extends string>(fallback: T, all: readonly T[]): Knob<T> => ({
  fallback,
  read: (given) => all.find((one) => one === given),
  wants: all.join(' or '),
})

export const listOf = <T extends string>(
  fallback: readonly T[],
  accept: (item: string) => item is T,
  wants: string,
): Knob<readonly T[]> => ({
  fallback,
  read: (given) => {
    const items = given
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
    return items.every(accept) ? [...new Set(items)] : undefined
  },
  wants: `a list, separated by commas, of ${wants}`,
})

export const between = (fallback: number, least: number, most: number): Knob<number> => ({
  fallback,
  read: (given) => {
    const value = Number(given)
    return given.trim() !== '' && value >= least && value <= most ? value : undefined
  },
  wants: `a number from ${least} to ${most}`,
})

export const wholeBetween = (fallback: number, least: number, most: number): Knob<number> => ({
  fallback,
  read: (given) => {
    const value = Number(given)
    return given.trim() !== '' && Number.isInteger(value) && value >= least && value <= most ? value : undefined
  },
  wants: `a whole number from ${least} to ${most}`,
})

export const yesOrNo = (fallback: boolean): Knob<boolean> => ({
  fallback,
  read: (given) => ({ true: true, false: false })[given],
  wants: 'true or false',
})

export type Values<K extends Record<string, Knob<unknown>>> = { [N in keyof K]: K[N] extends Knob<infer T> ? T : never }

/** As it would be given on a command line. */
export const asText = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Every knob's value from what was given. An unknown name and a value that does not fit are refused: a misspelt one must not be a default. */
export const readKnobs = <K extends Record<string, Knob<unknown>>>(
  knobs: K,
  given: Record<string, unknown>,
  prefix: string,
): Values<K> => {
  const known = Object.keys(knobs)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new RemoteError('usage', `there is no setting ${prefix}${unknown}`, { hint: `settings are: ${known.join(', ')}` })
  const entries = Object.entries(knobs).map(([name, knob]) => {
    const value = given[name]
    if (value === undefined) return [name, knob.fallback]
    const read = knob.read(asText(value))
    if (read === undefined)
      throw new RemoteError('usage', `${prefix}${name} is ${JSON.stringify(value)}`, { hint: `it must be ${knob.wants}` })
    return [name, read]
  })
  return Object.fromEntries(entries) as Values<K>
}
