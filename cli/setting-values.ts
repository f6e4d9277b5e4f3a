import { RemoteError } from '../core/contract/remote-error.ts'
import type { FlagValue } from './flags.ts'
import { CONVERT } from './parse-call.ts'
import { exactDuration } from './values/duration.ts'
import { exactMoney } from './values/money.ts'
import { DISPATCH_FLAGS, DOTFILES_FLAG } from './verbs/dispatch-flags.ts'
import type { Flag } from './verbs/verb.ts'

/** Flags of dispatch that can be set once for all. */
const KEYS = [
  'on',
  'agent',
  'agent-command',
  'approve',
  'ttl',
  'idle',
  'max-cost',
  'retries',
  'sandbox',
  'filtered',
  'workspace',
  'instance',
  'spot',
  'max-price',
  'interactive',
  'push',
]

export const SETTINGS: ReadonlyMap<string, Flag> = new Map(
  [...DISPATCH_FLAGS.filter(({ name }) => KEYS.includes(name)), DOTFILES_FLAG].map((flag) => [flag.name, flag]),
)

const BOOLEANS: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
}

/** A value as a variable or a file has it, checked like the flag of that name. */
export const convertSetting = (key: string, raw: unknown, what: string): FlagValue => {
  const flag = SETTINGS.get(key)
  if (!flag) throw new RemoteError('usage', `\`${key}\` is not a setting`, { hint: `known: ${[...SETTINGS.keys()].join(', ')}` })
  const text = String(raw)
  if (flag.choices && !flag.choices.includes(text))
    throw new RemoteError('usage', `${what}: \`${text}\` is not one of ${flag.choices.join(', ')}`)
  if (flag.type === 'list') throw new RemoteError('bug', `${key} is a list`)
  if (flag.type !== 'boolean') return CONVERT[flag.type](text, what)
  const value = BOOLEANS[text.toLowerCase()]
  if (value === undefined) throw new RemoteError('usage', `${what}: \`${text}\` is neither true nor false`)
  return value
}

/** As one would give it to the flag of that name. */
export const shownSetting = (key: string, value: FlagValue): string => {
  const type = SETTINGS.get(key)?.type
  if (type === 'duration') return exactDuration(Number(value))
  return type === 'money' ? exactMoney(Number(value)) : String(value)
}
