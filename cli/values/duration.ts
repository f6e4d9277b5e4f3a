import { RemoteError } from '../../core/contract/remote-error.ts'

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `90s`, `30m`, `4h`, `2d`, and combined as `1h30m`, in seconds. */
export const parseDuration = (text: string, what: string): number => {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,3})?)([smhdw])/g)]
  const isWhole = parts.length > 0 && parts.map(([all]) => all).join('') === text
  const seconds = Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (SECONDS[unit ?? ''] ?? 0), 0))
  if (isWhole && seconds > 0) return seconds
  throw new RemoteError('usage', `${what}: \`${text.slice(0, 40)}\` is not a duration`, {
    hint: 'durations are 90s, 30m, 4h, 2d or 1h30m',
  })
}

/** For people: `8s`, `4m 10s`, `2h 5m`, `3d 4h`. */
export const shownDuration = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const pair = (large: number, unit: string, small: number, smallUnit: string) =>
    small === 0 ? `${large}${unit}` : `${large}${unit} ${small}${smallUnit}`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's')
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'm')
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h')
}

/** All of it, as `parseDuration` reads it: `1h30m`, `90s` becomes `1m30s`. */
export const exactDuration = (seconds: number): string => {
  let left = seconds
  const parts = (['d', 'h', 'm', 's'] as const).map((unit) => {
    const count = Math.floor(left / (SECONDS[unit] ?? 1))
    left -= count * (SECONDS[unit] ?? 1)
    return count === 0 ? '' : `${count}${unit}`
  })
  return parts.join('') || '0s'
}
