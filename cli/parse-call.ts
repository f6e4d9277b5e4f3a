import { parseArgs } from 'node:util'
import { RemoteError } from '../core/contract/remote-error.ts'
import { Flags, type FlagValue } from './flags.ts'
import { nearest } from './nearest.ts'
import { parseCount } from './values/count.ts'
import { parseDuration } from './values/duration.ts'
import { parseMoney } from './values/money.ts'
import { parseSize } from './values/size.ts'
import type { Flag, Verb } from './verbs/verb.ts'

/** How the text of each type becomes its value. */
export const CONVERT = {
  string: (text: string) => text,
  duration: parseDuration,
  size: parseSize,
  money: parseMoney,
  count: parseCount,
} as const

const helpHint = (verb: Verb) => `see: remote ${verb.name} --help`

const unknownFlag = (verb: Verb, raw: string) => {
  const meant = nearest(
    raw.replace(/^-+/, ''),
    verb.flags.map(({ name }) => name),
  )
  const hint = meant ? `did you mean --${meant}?` : helpHint(verb)
  return new RemoteError('usage', `\`${raw.slice(0, 60)}\` is not a flag of ${verb.name}`, { hint })
}

const checkChoice = (what: string, choices: readonly string[] | undefined, text: string, verb: Verb) => {
  if (!choices || choices.includes(text)) return
  const meant = nearest(text, choices)
  throw new RemoteError('usage', `${what}: \`${text.slice(0, 40)}\` is not one of ${choices.join(', ')}`, {
    hint: meant ? `did you mean ${meant}?` : helpHint(verb),
  })
}

/** A script's variable that is not set; what is sent without a name is refused in the words of the API, if at all. */
const checkEmpty = (flag: Flag, text: string) => {
  if (text.trim() === '')
    throw new RemoteError('usage', `--${flag.name} is empty`, {
      hint: `leave it out, or --${flag.name} ${flag.value ?? 'VALUE'}: ${flag.summary}`,
    })
}

const take = (given: Map<string, FlagValue>, flag: Flag, text: string, verb: Verb) => {
  checkEmpty(flag, text)
  checkChoice(`--${flag.name}`, flag.choices, text, verb)
  if (flag.type === 'list') given.set(flag.name, [...((given.get(flag.name) as string[] | undefined) ?? []), text])
  else if (flag.type !== 'boolean') given.set(flag.name, CONVERT[flag.type](text, `--${flag.name}`))
}

const checkArguments = (verb: Verb, words: readonly string[]) => {
  const needed = verb.args.filter(({ optional }) => !optional)
  const missing = needed[words.length]
  if (missing) {
    const [example] = verb.examples
    throw new RemoteError('usage', `${verb.name} needs ${missing.name}: ${missing.summary}`, {
      hint: example ? `for example: ${example[0]}` : helpHint(verb),
    })
  }
  for (const [n, { name, choices }] of verb.args.entries()) {
    const word = words[n]
    if (word !== undefined) checkChoice(name, choices, word, verb)
  }
  const extra = words[verb.args.length]
  if (extra !== undefined && !verb.args.at(-1)?.rest) {
    throw new RemoteError('usage', `\`${extra.slice(0, 60)}\` is one word too many for ${verb.name}`, { hint: helpHint(verb) })
  }
}

export type ParsedCall = { args: string[]; flags: Flags; wantsHelp: boolean }

/** Words and flags of a verb, checked. Throws `usage` with what was probably meant. */
export const parseCall = (verb: Verb, argv: readonly string[]): ParsedCall => {
  const known = new Map(verb.flags.map((flag) => [flag.name, flag]))
  const options = Object.fromEntries(
    verb.flags.map(({ name, type }) => [name, { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) }]),
  )
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const args: string[] = []
  const given = new Map<string, FlagValue>()
  let wantsHelp = false
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    if (token.name === 'help') {
      wantsHelp = true
      continue
    }
    const flag = known.get(token.name)
    if (!flag) throw unknownFlag(verb, token.rawName)
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw new RemoteError('usage', `--${flag.name} takes no value`, { hint: helpHint(verb) })
      given.set(flag.name, true)
      continue
    }
    const isFlag = token.value?.startsWith('--') && !token.inlineValue
    if (token.value === undefined || isFlag)
      throw new RemoteError('usage', `--${flag.name} needs a value`, {
        hint: `--${flag.name} ${flag.value ?? 'VALUE'}: ${flag.summary}`,
      })
    take(given, flag, token.value, verb)
  }
  if (!wantsHelp) checkArguments(verb, args)
  return { args, flags: new Flags(given), wantsHelp }
}
