import { write } from '../io.ts'
import { firstWords, type Suggestion, suggestions } from '../suggestions.ts'
import type { Call, Command, Completes, Flag, Verb } from '../verbs/verb.ts'

type Spot = { completes?: Completes; choices?: readonly string[] }

const at = async ({ io, verbs }: Call, { completes, choices }: Spot, typed: string): Promise<Suggestion[]> => {
  if (choices) return choices.map((value) => ({ value, says: '' }))
  return completes ? suggestions(io, completes, typed, verbs) : []
}

const inVerb = async (call: Call, verb: Verb, words: readonly string[], typed: string): Promise<Suggestion[]> => {
  const flagOf = (word: string | undefined): Flag | undefined => verb.flags.find(({ name }) => word === `--${name}`)
  const takesNext = (word: string | undefined) => (flagOf(word)?.type ?? 'boolean') !== 'boolean'
  const before = flagOf(words.at(-1))
  if (before && takesNext(words.at(-1))) return at(call, before, typed)
  if (typed.startsWith('-')) {
    const left = verb.flags.filter(({ name, type }) => type === 'list' || !words.includes(`--${name}`))
    const all = [...left, { name: 'help', summary: 'explain this verb' }]
    return all.map(({ name, summary }) => ({ value: `--${name}`, says: summary }))
  }
  const given = words.filter((word, n) => !word.startsWith('-') && !takesNext(words[n - 1]))
  const last = verb.args.at(-1)
  const spot = verb.args[given.length] ?? (last?.rest ? last : undefined)
  return spot ? at(call, spot, typed) : []
}

const secondWords = (verbs: readonly Verb[], first: string): Suggestion[] =>
  verbs
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name, summary }) => ({ value: name.slice(first.length + 1), says: summary }))

const fitting = async (call: Call): Promise<Suggestion[]> => {
  const [first = '', ...rest] = call.args
  // `remote.workspace.show a` is `remote workspace show a`.
  const words = first.includes('.') ? [...first.split('.'), ...rest] : [...call.args]
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { verbs } = call
  const verb = verbs.find(({ name }) => name === before.slice(0, 2).join(' ')) ?? verbs.find(({ name }) => name === before[0])
  if (verb) return inVerb(call, verb, before.slice(verb.name.split(' ').length), typed)
  if (before.length === 0) return firstWords(verbs)
  return before.length === 1 ? secondWords(verbs, before[0] ?? '') : []
}

/** `remote __complete -- WORDS…`: what can stand for the last word, a line each, with what it is after a tab. */
export const complete: Command = async (call) => {
  const typed = call.args.at(-1) ?? ''
  // Whatever is wrong, there is nothing to suggest; a message would land in the middle of the command line.
  const found = await fitting(call).catch((): Suggestion[] => [])
  const shown = found.filter(({ value }) => value.startsWith(typed))
  await write(call.io.stdout, shown.map(({ value, says }) => `${value}\t${says.replace(/\s+/g, ' ')}\n`).join(''))
  return 0
}
