import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openDetachKeys } from '../../../cli/terminal/detach-keys.ts'
import { openModesLeft } from '../../../cli/terminal/modes-left.ts'
import { screenful } from '../../../cli/terminal/screenful.ts'

const typed = (...pieces: string[]) => {
  const keys = openDetachKeys()
  let text = ''
  for (const piece of pieces) {
    const { typed: through, detach } = keys(Buffer.from(piece))
    text += Buffer.from(through).toString()
    if (detach) return { text, detached: true }
  }
  return { text, detached: false }
}

describe('~. leaves', () => {
  it.each([
    [['~.'], { text: '', detached: true }],
    [['ls\r', '~', '.'], { text: 'ls\r', detached: true }],
    [['ls\n~.more'], { text: 'ls\n', detached: true }],
    [['ls ~.'], { text: 'ls ~.', detached: false }],
    [['sleep 9\r', '\u0003', '~.'], { text: 'sleep 9\r\u0003', detached: true }],
    [['~~.'], { text: '~.', detached: false }],
    [['~/bin\r'], { text: '~/bin\r', detached: false }],
    [['cd ~\r~.'], { text: 'cd ~\r', detached: true }],
    [['~\r~.'], { text: '~\r', detached: true }],
  ])('%j gives %j', (pieces, wanted) => {
    expect(typed(...pieces)).toEqual(wanted)
  })

  it('what is typed without it arrives as it is, however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\r', ' ', '/') })), (pieces) => {
        expect(typed(...pieces)).toEqual({ text: pieces.join(''), detached: false })
      }),
    )
  })
})

describe('the screen that is shown first', () => {
  const shown = (printed: string, rows: number) => screenful(Buffer.from(printed), rows).toString()
  it('is the last lines', () => {
    expect(shown('one\ntwo\nthree\nfour', 2)).toBe('three\nfour')
    expect(shown('one\ntwo\n', 24)).toBe('one\ntwo\n')
    expect(shown('', 24)).toBe('')
  })
  it('is all that a full-screen program has drawn, while it has the screen', () => {
    expect(shown('before\n\u001b[?1049hdrawn\n\n\n\n', 2)).toBe('\u001b[?1049hdrawn\n\n\n\n')
    expect(shown('\u001b[?1049hdrawn\u001b[?1049lafter\nnow', 1)).toBe('now')
  })
})

describe('modes that a program of the other side switched on', () => {
  const undone = (...pieces: string[]) => {
    const modes = openModesLeft()
    for (const piece of pieces) modes.see(Buffer.from(piece))
    return modes.undo()
  }
  it('are switched off, however they were cut, and only those', () => {
    expect(undone('\u001b[?10', '49h\u001b[?2', '5l')).toBe('\u001b[?1049l\u001b[?25h\u001b[0m')
    expect(undone('\u001b[?1000;1006h', '\u001b[?1006l')).toBe('\u001b[?1000l\u001b[0m')
    expect(undone('\u001b[?2004h', 'text', '\u001b[?2004l')).toBe('\u001b[0m')
    expect(undone('text')).toBe('\u001b[0m')
  })
})
