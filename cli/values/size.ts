import { RemoteError } from '../../core/contract/remote-error.ts'

const POWERS: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 }
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** `100gb`, `512mb`, `1.5tb` (powers of 1024), in bytes. */
export const parseSize = (text: string, what: string): number => {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s?([kmgt]?)(?:i?b)$/i.exec(text) ?? []
  const bytes = Math.round(Number(amount) * 1024 ** (POWERS[unit.toLowerCase()] ?? Number.NaN))
  if (amount !== undefined && bytes > 0) return bytes
  throw new RemoteError('usage', `${what}: \`${text.slice(0, 40)}\` is not a size`, { hint: 'sizes are 100gb, 512mb or 1.5tb' })
}

/** For people: `512 B`, `1.5 GB`. */
export const shownSize = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  const amount = bytes / 1024 ** power
  return `${amount >= 100 || Number.isInteger(amount) ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`
}
