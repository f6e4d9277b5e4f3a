/** AWS takes five minutes. */
const SKEW_MS = 240_000

/** How far this machine's clock is ahead of AWS's, as far as anybody has said. There is one, as there is one clock. */
let aheadMs = 0

/** What signatures are dated with, as they are dated. */
export const signingTime = (): string => new Date(Date.now() - aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, '')

/** What the date of a refusal says of our clock: words, where it is the reason and later signatures are dated otherwise. */
export const learnTime = (date: string | undefined): string | undefined => {
  const off = Date.now() - Date.parse(date ?? '')
  if (Number.isNaN(off) || Math.abs(off - aheadMs) < SKEW_MS) return undefined
  aheadMs = off
  const minutes = Math.round(Math.abs(off) / 60_000)
  return `this machine's clock is ${minutes} minutes ${off > 0 ? 'ahead of' : 'behind'} AWS's, which refuses that: calls are dated by AWS's`
}
