/** One line of the table: ours beside its baseline, both measured in this run. `why`: where the rest goes, told when the goal is missed. */
export type Row = { what: string; ours: string; base: string; measured: string; goal: string; reached: boolean; why?: string }

/** One figure of the design. It starts and ends everything it needs, and takes no longer than `seconds`. */
export type Figure = { name: string; seconds: number; run(): Promise<Row[]> }

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

/** A ratio that must not exceed `limit`. */
export const atMost = (what: string, ours: number, base: number, limit: number, names = { ours: '', base: '' }): Row => {
  const ratio = ours / base
  return {
    what,
    ours: `${names.ours}${ms(ours)}`,
    base: `${names.base}${ms(base)}`,
    measured: `${ratio.toFixed(2)} ×`,
    goal: `≤ ${limit} ×`,
    reached: ratio <= limit,
  }
}
