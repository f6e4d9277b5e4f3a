/** Letters to add, drop, change or swap with their neighbour. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, n) => n)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      rows[i]?.push(
        Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY),
      )
    }
  }
  return at(a.length, b.length)
}

/** What was probably meant: a name that begins so, or one that is few letters away. */
export const nearest = (typed: string, names: readonly string[]): string | undefined => {
  const begins = typed.length > 1 ? names.filter((name) => name.startsWith(typed)) : []
  if (begins.length === 1) return begins[0]
  const most = typed.length < 4 ? 1 : typed.length < 8 ? 2 : 3
  const ranked = names.map((name) => ({ name, far: distance(typed.slice(0, 64), name) })).sort((a, b) => a.far - b.far)
  return ranked[0] && ranked[0].far <= most ? ranked[0].name : undefined
}
