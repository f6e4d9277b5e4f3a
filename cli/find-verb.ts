import { RemoteError } from '../core/contract/remote-error.ts'
import { nearest } from './nearest.ts'
import type { Verb } from './verbs/verb.ts'

/** Verbs of the whole product that this version does not bring. */
const ELSEWHERE = ['init', 'exec', 'hosts', 'fork', 'accept', 'wake', 'move', 'sync', 'shadow']

export type Found = { verb: Verb; rest: string[] } | { group: Verb[] }

/** `workspace create …` and `workspace.create …` are the same. Throws `usage` with what was probably meant. */
export const findVerb = (verbs: readonly Verb[], argv: readonly string[]): Found => {
  const [first = '', ...rest] = argv
  const words = first.includes('.') ? [...first.split('.'), ...rest] : [first, ...rest]
  const two = words.slice(0, 2).join(' ')
  const verb = verbs.find(({ name }) => name === two) ?? verbs.find(({ name }) => name === words[0])
  if (verb) return { verb, rest: words.slice(verb.name.split(' ').length) }
  const group = verbs.filter(({ name }) => name.startsWith(`${words[0]} `))
  if (group.length > 0 && (words[1] === undefined || words[1].startsWith('-'))) return { group }
  throw unknownVerb(verbs, words)
}

/** What to say of words that name no verb, with what was probably meant: `program` and that verb. */
export const unknownVerb = (verbs: readonly Verb[], words: readonly string[], program = 'remote'): RemoteError => {
  const [first = '', second = ''] = words
  const group = verbs.filter(({ name }) => name.startsWith(`${first} `))
  const elsewhere = ELSEWHERE.find((name) => name === first || name === `${first} ${second}`)
  if (elsewhere !== undefined) {
    return new RemoteError('not_supported', `this version of remote does not bring \`${elsewhere}\``, {
      hint: 'sessions run here (--on local) or in AWS (--on cloud); all verbs: remote help',
    })
  }
  const isInGroup = group.length > 0
  const typed = isInGroup ? `${first} ${second}` : first
  const shown = verbs.filter(({ hidden }) => !hidden).map(({ name }) => name)
  const names = isInGroup
    ? group.map(({ name }) => name)
    : [...shown, ...new Set(shown.map((name) => name.split(' ')[0] ?? name))]
  const meant = nearest(typed, names)
  const hint = meant ? `did you mean \`${program} ${meant}\`?` : `all verbs: remote help${isInGroup ? ` ${first}` : ''}`
  return new RemoteError('usage', `there is no verb \`${typed.slice(0, 60)}\``, { hint })
}
