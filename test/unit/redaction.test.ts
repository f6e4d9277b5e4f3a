import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MIN_SECRET_CHARACTERS } from '../../core/contract/min-secret-characters.ts'
import { createRedactor, prepareRedaction, redactText } from '../../core/domain/redaction.ts'
import { type Hidden, MIN_HIDDEN_CHARACTERS, patternsOf, spellings } from '../../core/domain/secret-patterns.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** The rule in its simplest form: all occurrences of all patterns, those that overlap as one, by looking everywhere. */
const byLookingEverywhere = (secrets: readonly Hidden[], data: Uint8Array): string => {
  const text = textOf(data)
  const found: { from: number; to: number; marker: string }[] = []
  for (const { bytes, marker } of patternsOf(secrets)) {
    const pattern = textOf(bytes)
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1))
      found.push({ from: at, to: at + pattern.length, marker: textOf(marker) })
  }
  found.sort((a, b) => a.from - b.from || b.to - a.to)
  let shown = ''
  let at = 0
  let covered = 0
  for (const { from, to, marker } of found) {
    if (from >= covered) {
      shown += text.slice(at, from) + marker
    }
    covered = Math.max(covered, to)
    at = covered
  }
  return shown + text.slice(at)
}

const inChunks = (secrets: readonly Hidden[], data: Uint8Array, cuts: readonly number[]): string => {
  const redactor = createRedactor(secrets)
  const edges = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length]
  let shown = ''
  for (let n = 0; n + 1 < edges.length; n++) {
    const chunk = data.slice(edges[n], edges[n + 1])
    shown += textOf(redactor.push(chunk))
    chunk.fill(0) // the caller reuses its buffers
  }
  return shown + textOf(redactor.flush())
}

const secretText = fc.oneof(
  fc.string({ minLength: 8, maxLength: 24, unit: fc.constantFrom('a', 'b', '/', '"', ' ') }),
  fc.string({ minLength: 8, maxLength: 40 }),
  fc.string({ minLength: 8, maxLength: 20, unit: 'grapheme' }),
  fc
    .array(fc.string({ minLength: 3, maxLength: 14 }), { minLength: 2, maxLength: 4 })
    .map((lines) => lines.join('\n'))
    .filter((text) => text.length >= 8),
)
const secretList = fc.array(fc.oneof(secretText, fc.record({ name: fc.constantFrom('TOKEN', 'KEY'), value: secretText })), {
  minLength: 1,
  maxLength: 4,
})

/** Streams that are full of spellings, of parts of spellings, and of spellings that overlap. */
const secretsAndStream = secretList.chain((secrets) => {
  const texts = secrets.flatMap((secret) => spellings(typeof secret === 'string' ? secret : secret.value))
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...texts).map(bytesOf) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...texts), fc.nat(30), fc.nat(30))
        .map(([text, from, length]) => bytesOf(text).slice(from, from + length)),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map(bytesOf) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.string({ maxLength: 3 }), fc.constantFrom(...secrets))
        .map(([before, secret]) =>
          bytesOf(Buffer.from(before + (typeof secret === 'string' ? secret : secret.value)).toString('base64')),
        ),
    },
  )
  return fc.tuple(
    fc.constant(secrets),
    fc.array(piece, { maxLength: 8 }).map((pieces) => Uint8Array.from(pieces.flatMap((bytes) => [...bytes]))),
  )
})

describe('redaction', () => {
  it('covers the same bytes however the stream is cut, and exactly those that looking everywhere finds', () => {
    fc.assert(
      fc.property(secretsAndStream, fc.array(fc.nat(400), { maxLength: 12 }), ([secrets, data], cuts) => {
        const expected = byLookingEverywhere(secrets, data)
        expect(inChunks(secrets, data, [])).toBe(expected)
        expect(inChunks(secrets, data, cuts)).toBe(expected)
      }),
      { numRuns: 10_000 },
    )
  }, 120_000)

  it('never shows a spelling of a secret', () => {
    const hex = fc.string({ minLength: 16, maxLength: 40, unit: fc.constantFrom(...'0123456789abcdefXYZ$%&/{"é') })
    fc.assert(
      fc.property(
        fc.array(hex, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(9), { maxLength: 12 }),
        fc.string(),
        (secrets, picks, between) => {
          const all = secrets.flatMap(spellings)
          const text = picks.map((pick) => `${between}${all[(pick * 7) % all.length]}`).join('')
          const shown = redactText(secrets, text)
          for (const spelling of all) expect(shown.includes(spelling)).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  }, 60_000)

  it('shows bytes without secrets exactly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.nat(500), { maxLength: 9 }), (data, cuts) => {
        expect(inChunks(['correct horse battery', 'hunter2hunter2'], data, cuts)).toBe(textOf(data))
      }),
    )
  })

  it.each([
    ['as it is', 'pa55"word/é x', 'pa55"word/é x'],
    ['JSON', JSON.stringify({ a: 'pa55"word/é x' }), '{"a":"[redacted:K]"}'],
    ['ASCII JSON', '"pa55\\"word/\\u00e9 x"', null],
    ['a URL', `?a=${encodeURIComponent('pa55"word/é x')}`, '?a=[redacted:K]'],
    ['a URL in small hex', '?a=pa55%22word%2f%c3%a9%20x&', '?a=[redacted:K]&'],
    ['a form', 'a=pa55%22word%2F%C3%A9+x&', 'a=[redacted:K]&'],
    ['hex', Buffer.from('pa55"word/é x').toString('hex'), '[redacted:K]'],
    ['HEX', Buffer.from('pa55"word/é x').toString('hex').toUpperCase(), '[redacted:K]'],
  ])('knows %s', (_, text, expected) => {
    const shown = redactText([{ name: 'K', value: 'pa55"word/é x' }], text)
    expect(shown).toContain('[redacted:K]')
    if (expected !== null && expected !== text) expect(shown).toBe(expected)
  })

  it.each([0, 1, 2])('knows base64 after %i other bytes, in both alphabets', (before) => {
    const value = 'se~?cret>>value'
    for (const alphabet of ['base64', 'base64url'] as const) {
      const encoded = Buffer.from(`${'u'.repeat(before)}${value}:more`).toString(alphabet)
      expect(redactText([value], encoded)).toMatch(/^.{0,3}\[redacted\].{5,10}$/)
    }
  })

  it('knows each line of 8 characters or more of a secret of several lines', () => {
    const key = '-----BEGIN-----\r\nabcdefgh12345678\nshort\n  indented line \n'
    expect(redactText([{ name: 'PEM', value: key }], 'x abcdefgh12345678 short indented line.')).toBe(
      'x [redacted:PEM] short [redacted:PEM].',
    )
  })

  it('covers a long secret with one marker, and does not take longer for what nearly is one', () => {
    const long = `${'x'.repeat(20_000)}y`
    expect(redactText([{ name: 'LONG', value: long }], `a ${long} b`)).toBe('a [redacted:LONG] b')
    const start = performance.now()
    const redactor = createRedactor([long])
    for (let n = 0; n < 20; n++) redactor.push(bytesOf('x'.repeat(50_000)))
    redactor.flush()
    expect(performance.now() - start).toBeLessThan(20_000)
  }, 60_000)

  it('leaves values alone that are too short to be hidden soundly', () => {
    expect(redactText(['seven77'], 'seven77')).toBe('seven77')
    expect(MIN_HIDDEN_CHARACTERS).toBe(MIN_SECRET_CHARACTERS)
  })

  it('uses a marker that does not spell a secret', () => {
    expect(redactText([{ name: 'A', value: 'redacted' }], 'is redacted')).toBe('is [***]')
  })

  it('does not change text without secrets, not even broken text', () => {
    expect(redactText(['12345678'], 'a\ud800b 1234')).toBe('a\ud800b 1234')
  })

  it('holds 4 first bytes of a secret until they are decided', () => {
    const redactor = createRedactor(['swordfish!'])
    expect(textOf(redactor.push(bytesOf('> swor')))).toBe('> ')
    expect([redactor.held, redactor.releasable]).toEqual([4, false])
    expect(textOf(redactor.release())).toBe('')
    expect(textOf(redactor.push(bytesOf('e')))).toBe('swore')
    expect(redactor.held).toBe(0)
  })

  it('lets a shorter tail go when asked, and still hides the rest of the secret', () => {
    const redactor = createRedactor(['swordfish!'])
    expect(textOf(redactor.push(bytesOf('> swo')))).toBe('> ')
    expect([redactor.held, redactor.releasable]).toEqual([3, true])
    expect(textOf(redactor.release())).toBe('swo')
    expect([redactor.held, redactor.releasable]).toEqual([0, false])
    expect(textOf(redactor.push(bytesOf('rdfish')))).toBe('')
    expect(redactor.releasable).toBe(false)
    expect(textOf(redactor.push(bytesOf('! ok')))).toBe('[redacted] ok')
  })

  it('never shows more than 3 bytes of a secret, whenever tails are let go', () => {
    fc.assert(
      fc.property(secretText, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 60 }), (secret, sizes) => {
        const data = bytesOf(secret)
        const redactor = createRedactor([secret])
        let shown = 0
        let at = 0
        for (const size of [...sizes, data.length]) {
          shown += textOf(redactor.push(data.slice(at, at + size))).replace(/\[[a-z*]+\]/g, '').length
          at += size
          if (redactor.releasable) shown += redactor.release().length
        }
        expect(shown).toBeLessThanOrEqual(3)
      }),
      { numRuns: 2000 },
    )
  })

  it('goes through 50 secrets and plain text at hundreds of MB/s', () => {
    const secrets = Array.from(
      { length: 50 },
      (_, n) => `tok_${(n * 7919).toString(36)}_${'0123456789abcdef'.repeat(2).slice(n % 9)}`,
    )
    const line = 'src/server/routes/users.ts:42:17 - warning: unused variable "previous" in GET /users/:id (took 12.5 ms)\n'
    const chunk = bytesOf(line.repeat(640))
    const redactor = prepareRedaction(secrets).open()
    const run = (times: number) => {
      const start = performance.now()
      for (let n = 0; n < times; n++) redactor.push(chunk)
      return (times * chunk.length) / 1e3 / (performance.now() - start)
    }
    run(50)
    const megabytesPerSecond = Math.max(...[1, 2, 3].map(() => run(200)))
    console.log(`redaction, 50 secrets: ${megabytesPerSecond.toFixed(0)} MB/s`)
    expect(megabytesPerSecond).toBeGreaterThan(200)
  })
})
