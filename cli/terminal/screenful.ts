const NEWLINE = 0x0a
/** Full-screen programs draw on another screen, and leave it when they end. */
const ESCAPE = '\u001b'
const ALTERNATE = new RegExp(`${ESCAPE}\\[\\?(?:1049|1047|47)([hl])`, 'g')

/**
 * The end of what a terminal printed that shows how it looks now: its last `rows` lines, or all that the full-screen program drew that
 * has the screen.
 */
export const screenful = (printed: Buffer, rows: number): Buffer => {
  let entered: number | undefined
  for (const found of printed.toString('latin1').matchAll(ALTERNATE))
    entered = found[1] === 'h' ? (entered ?? found.index) : undefined
  if (entered !== undefined) return printed.subarray(entered)
  let start = printed.length
  for (let lines = 0; lines < rows; lines++) {
    const newline = start === 0 ? -1 : printed.lastIndexOf(NEWLINE, start - 1)
    if (newline === -1) return printed
    start = newline
  }
  return printed.subarray(start + 1)
}
