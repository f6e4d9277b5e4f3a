import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { findVerb } from '../../../cli/find-verb.ts'
import { helpText } from '../../../cli/output/help.ts'
import { displayWidth } from '../../../cli/output/table.ts'
import { parseCall } from '../../../cli/parse-call.ts'
import { VERBS } from '../../../cli/verbs/all.ts'

const shown = VERBS.filter(({ hidden }) => !hidden)
const out = (columns: number) => Object.assign(new PassThrough(), { columns })

/** Words of a command line as a shell would make them. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

describe.each(shown.map((verb) => [verb.name, verb] as const))('help of %s', (name, verb) => {
  it('has an example, and every example is a command line that is accepted', () => {
    expect(verb.examples.length).toBeGreaterThan(0)
    for (const [line] of verb.examples) {
      const [program, ...words] = wordsOf(line)
      expect(program).toBe('remote')
      const found = findVerb(VERBS, words)
      if ('group' in found) throw new Error(`${line} is not of one verb`)
      expect(found.verb.name).toBe(name)
      expect(() => parseCall(found.verb, found.rest)).not.toThrow()
    }
  })

  it('names every flag and argument, and fits a narrow terminal', () => {
    const text = helpText(VERBS, name.split(' '), out(60), {})
    for (const flag of verb.flags) expect(text).toContain(`--${flag.name}`)
    for (const { name: argument } of verb.args) expect(text).toContain(argument)
    const examples = text.slice(text.indexOf('Examples'))
    const rest = text.slice(0, text.length - examples.length)
    for (const line of rest.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(60)
  })
})

it('every verb is in the overview, and its command is there', async () => {
  const text = helpText(VERBS, [], out(80), {})
  for (const { name } of shown) expect(text).toContain(`  ${name} `)
  for (const { load } of VERBS) expect(await load()).toBeTypeOf('function')
})

it('every verb is a program of its own too', () => {
  const { bin } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { bin: object }
  expect(Object.keys(bin)).toEqual(expect.arrayContaining(shown.map(({ name }) => `remote.${name.replace(' ', '.')}`)))
})
