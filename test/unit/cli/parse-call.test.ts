import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findVerb } from '../../../cli/find-verb.ts'
import { nearest } from '../../../cli/nearest.ts'
import { parseCall } from '../../../cli/parse-call.ts'
import { VERBS } from '../../../cli/verbs/all.ts'
import { RemoteError } from '../../../core/contract/remote-error.ts'

const verb = (name: string) => VERBS.find((one) => one.name === name) ?? VERBS[0] ?? expect.fail()
const dispatch = (...argv: string[]) => parseCall(verb('dispatch'), argv)

describe('a call', () => {
  it('has words and flags in any order, and all after -- are words', () => {
    const { args, flags } = dispatch('--ttl', '1h', 'npm', 'test', '--detach', '--secret=A', '--secret', 'B', '--', '--watch')
    expect(args).toEqual(['npm', 'test', '--watch'])
    expect(flags.number('ttl')).toBe(3600)
    expect(flags.on('detach')).toBe(true)
    expect(flags.all('secret')).toEqual(['A', 'B'])
    expect(flags.on('quiet')).toBe(false)
  })

  it('asks for help with --help or -h, whatever else is missing', () => {
    expect([dispatch('--help').wantsHelp, dispatch('-h').wantsHelp, dispatch('x').wantsHelp]).toEqual([true, true, false])
  })

  it('takes the value of a flag that begins with a dash only behind =', () => {
    expect(dispatch('x', '--env=--odd').flags.all('env')).toEqual(['--odd'])
    expect(() => dispatch('x', '--env', '--odd')).toThrow('--env needs a value')
    expect(() => dispatch('x', '--detach=yes')).toThrow('--detach takes no value')
  })

  it('has no flag with an empty value: it would be left to who is asked to say what is wrong', () => {
    for (const flag of ['--workspace=', '--ref= ', '--agent-command=', '--ttl=', '--secret='])
      expect(() => dispatch('x', flag), flag).toThrow(`${flag.split('=')[0]} is empty`)
  })

  it('never throws anything but a refusal with a hint', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('--ttl', '--', '-', '--secret', '--no-repo', '-x', '--ttl=1h', '--approve=ask', '---'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...VERBS), (argv, one) => {
        try {
          parseCall(one, argv)
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteError)
          expect(error).toMatchObject({ code: 'usage' })
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a verb', () => {
  it('is found by one word, by two, and by its dotted name', () => {
    const found = [
      ['status', '--all'],
      ['workspace', 'create', 'x'],
      ['workspace.create', 'x'],
      ['secrets.set', 'A'],
    ].map((argv) => findVerb(VERBS, argv))
    expect(found).toMatchObject([
      { verb: { name: 'status' }, rest: ['--all'] },
      { verb: { name: 'workspace create' }, rest: ['x'] },
      { verb: { name: 'workspace create' }, rest: ['x'] },
      { verb: { name: 'secrets set' }, rest: ['A'] },
    ])
  })

  it('that is a group alone is its members', () => {
    expect(findVerb(VERBS, ['workspace'])).toMatchObject({ group: [{ name: 'workspace create' }, {}, {}, {}, {}, {}, {}] })
  })

  it('has examples that are calls of it', () => {
    for (const { name, examples, hidden } of VERBS) {
      expect(examples.length > 0 || hidden, name).toBe(true)
      for (const [command] of examples) {
        const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
        expect(words[0]).toBe('remote')
        const found = findVerb(VERBS, words.slice(1))
        expect(found, command).toMatchObject({ verb: { name } })
        if ('verb' in found) parseCall(found.verb, found.rest)
      }
    }
  })

  it('that is mistyped is suggested', () => {
    const names = VERBS.map(({ name }) => name)
    expect(['statsu', 'atach', 'dispach', 'terminat', 'exlpain', 'workspace list'].map((typed) => nearest(typed, names))).toEqual(
      ['status', 'attach', 'dispatch', 'terminate', 'explain', 'workspace list'],
    )
    expect(nearest('frobnicate', names)).toBeUndefined()
  })
})
