/** Names of months, `2026-11`, in which the days or times from `from` to `to` lie; oldest first. */
export const monthsBetween = (from: string, to: string): string[] => {
  const months: string[] = []
  let [year, month] = from.split('-').map(Number) as [number, number]
  for (;;) {
    const name = `${year}-${String(month).padStart(2, '0')}`
    if (name > to.slice(0, 7)) return months
    months.push(name)
    month += 1
    if (month > 12) [year, month] = [year + 1, 1]
  }
}
