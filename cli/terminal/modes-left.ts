const ESCAPE = '\u001b'
const MODE = new RegExp(`${ESCAPE}\\[\\?([\\d;]{1,32})([hl])`, 'g')
/** A sequence may be cut by the end of a piece. */
const LONGEST = 40
/** Modes of a terminal that a program switches on for itself: alternate screens, the mouse, focus, pasting, cursor keys. */
const FOREIGN = new Set([1, 9, 47, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004])
const CURSOR = 25

/** Watches what is printed for modes that a program of the other side has switched on, which nobody there will switch off here. */
export const openModesLeft = () => {
  const on = new Set<number>()
  let isHidden = false
  let rest = ''
  return {
    see: (bytes: Uint8Array) => {
      const text = rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
      for (const [, modes = '', way] of text.matchAll(MODE)) {
        for (const mode of modes.split(';').map(Number)) {
          if (mode === CURSOR) isHidden = way === 'l'
          else if (!FOREIGN.has(mode)) continue
          else if (way === 'h') on.add(mode)
          else on.delete(mode)
        }
      }
      rest = text.slice(-LONGEST)
    },
    /** What brings the terminal back to how it was. */
    undo: (): string => {
      const off = [...on].map((mode) => `\u001b[?${mode}l`).join('')
      return `${off}${isHidden ? `\u001b[?${CURSOR}h` : ''}\u001b[0m`
    },
  }
}
