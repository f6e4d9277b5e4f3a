import { unknownVerb } from '../find-verb.ts'
import type { Output } from '../io.ts'
import type { Verb } from '../verbs/verb.ts'
import { type Style, styleOf } from './style.ts'
import { widthOf } from './width-of.ts'

const GROUPS = { work: 'Work', keep: 'Keep', places: 'Places', money: 'Money', self: 'Self' } as const
const MIN_WIDTH = 40
const MAX_WIDTH = 120

const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Names on the left, what they mean on the right; below each other where there is little room. */
const pairs = (rows: readonly (readonly [string, string])[], width: number): string => {
  const left = Math.max(0, ...rows.map(([name]) => name.length))
  const room = width - left - 4
  if (room < 24)
    return rows
      .map(
        ([name, says]) =>
          `  ${name}\n${wrapped(says, width - 6)
            .map((line) => `      ${line}\n`)
            .join('')}`,
      )
      .join('')
  const indent = ' '.repeat(left + 4)
  return rows.map(([name, says]) => `  ${name.padEnd(left)}  ${wrapped(says, room).join(`\n${indent}`)}\n`).join('')
}

const usageOf = ({ name, args, flags }: Verb) => {
  const words = args.map((arg) => (arg.optional ? `[${arg.name}]` : arg.name))
  return ['remote', name, ...words, ...(flags.length > 0 ? ['[flags]'] : [])].join(' ')
}

const verbHelp = (verb: Verb, { bold }: Style, width: number): string => {
  const flags = verb.flags.map(({ name, type, value, summary, choices }) => {
    const shown = type === 'boolean' ? `--${name}` : `--${name} ${choices ? choices.join('|') : (value ?? 'VALUE')}`
    return [shown, summary] as const
  })
  const parts = [
    `${wrapped(`${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`, width).join('\n')}\n`,
    `${bold('Usage')}\n  ${usageOf(verb)}\n`,
    ...(verb.about ? [`${wrapped(verb.about, width).join('\n')}\n`] : []),
    ...(verb.args.length > 0
      ? [
          `${bold('Arguments')}\n${pairs(
            verb.args.map(({ name, summary }) => [name, summary]),
            width,
          )}`,
        ]
      : []),
    `${bold('Flags')}\n${pairs([...flags, ['--help', 'this text']], width)}`,
    ...(verb.examples.length > 0
      ? [`${bold('Examples')}\n${verb.examples.map(([command, says]) => `  ${command}\n      ${says}\n`).join('')}`]
      : []),
  ]
  return parts.join('\n')
}

const overview = (verbs: readonly Verb[], { bold, dim }: Style, width: number): string => {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const members = verbs.filter((verb) => verb.group === group && !verb.hidden)
    return members.length === 0
      ? []
      : [
          `${bold(title)}\n${pairs(
            members.map(({ name, summary }) => [name, summary]),
            width,
          )}`,
        ]
  })
  return [
    `${bold('remote')} VERB …   or   ${bold('remote.VERB')} …\n`,
    ...groups,
    `${bold('Begin with')}\n  remote dispatch "add rate limit to api endpoints"\n  remote dispatch --agent shell "npm test"\n`,
    dim('more about a verb: remote help VERB\n'),
  ].join('\n')
}

/** The help of a verb, of the verbs that begin with a word, or of everything. */
export const helpText = (verbs: readonly Verb[], topic: readonly string[], out: Output, env: NodeJS.ProcessEnv): string => {
  const style = styleOf(out, env)
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, widthOf(out, env, 100)))
  const typed = topic.join(' ').replaceAll('.', ' ')
  if (typed === '') return overview(verbs, style, width)
  const verb = verbs.find(({ name }) => name === typed)
  if (verb) return verbHelp(verb, style, width)
  const group = verbs.filter(({ name }) => name.startsWith(`${typed} `))
  if (group.length > 0) return overview(group, style, width)
  throw unknownVerb(verbs, typed.split(' '), 'remote help')
}
