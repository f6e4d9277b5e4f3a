export type Column = {
  title: string
  align?: 'left' | 'right'
  /** Takes what is left of the width, and is cut when there is not enough. */
  flexible?: boolean
  /** May be left out where there is not enough width; the lowest goes first. */
  leaves?: number
}
export type Cell = { text: string; paint?: (text: string) => string }

const GAP = 2
const MIN_FLEXIBLE = 12

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u
/** Columns a terminal uses for it, near enough: East Asian characters and emoji take two. */
export const displayWidth = (text: string): number =>
  [...text].reduce((sum, char) => sum + (wide.test(char) ? 2 : /\p{M}/u.test(char) ? 0 : 1), 0)

export const cut = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let shown = ''
  for (const char of text) {
    if (displayWidth(shown + char) > width - 1) break
    shown += char
  }
  return `${shown}…`
}

const padded = (text: string, width: number, align: Column['align']) => {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'right' ? space + text : text + space
}

/** The column to do without, when even a short flexible one leaves too little room. */
const tooMuch = (columns: readonly Column[], needed: readonly number[], width: number): Column | undefined => {
  const least = needed.map((one, n) => (columns[n]?.flexible ? Math.min(MIN_FLEXIBLE, one) : one))
  if (least.reduce((sum, one) => sum + one + GAP, -GAP) <= width) return undefined
  const rank = ({ leaves = Number.POSITIVE_INFINITY }: Column) => leaves
  return columns.filter(({ leaves }) => leaves !== undefined).toSorted((a, b) => rank(a) - rank(b))[0]
}

/** Rows under their titles; fits into `width` columns when the flexible one, and those that may be left out, allow it. */
export const table = (
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
  paintTitle: (text: string) => string,
): string => {
  const needed = columns.map(({ title }, n) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[n]?.text ?? ''))),
  )
  const leaving = tooMuch(columns, needed, width)
  if (leaving) {
    const stays = <T>(cells: readonly T[]) => cells.filter((_, n) => columns[n] !== leaving)
    return table(stays(columns), rows.map(stays), width, paintTitle)
  }
  const flexible = columns.findIndex((column) => column.flexible)
  const others = needed.reduce((sum, one, n) => sum + (n === flexible ? 0 : one + GAP), 0)
  const widths = needed.map((one, n) =>
    n === flexible ? Math.max(Math.min(MIN_FLEXIBLE, one), Math.min(one, width - others)) : one,
  )
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, paint = (same) => same }, n) => {
        const shown = cut(text, widths[n] ?? 0)
        const isLast = n === cells.length - 1 && columns[n]?.align !== 'right'
        return paint(isLast ? shown : padded(shown, widths[n] ?? 0, columns[n]?.align))
      })
      .join(' '.repeat(GAP))
  return `${line(columns.map(({ title }) => ({ text: title, paint: paintTitle })))}\n${rows.map((row) => `${line(row)}\n`).join('')}`
}
