import { RemoteError } from '../../core/contract/remote-error.ts'

/** `0.50`, `$2`, in US dollars. */
export const parseMoney = (text: string, what: string): number => {
  const [, amount] = /^\$?(\d{1,6}(?:\.\d{1,4})?)$/.exec(text) ?? []
  if (amount !== undefined && Number(amount) > 0) return Number(amount)
  throw new RemoteError('usage', `${what}: \`${text.slice(0, 40)}\` is not an amount of money`, {
    hint: 'amounts are US dollars above zero: 0.50 or 2',
  })
}

/** `$0.00`, `$0.0042` below a cent: an agent's step may cost less than one. */
export const shownMoney = (usd: number): string => `$${usd > 0 && usd < 0.01 ? usd.toFixed(4) : usd.toFixed(2)}`

/** All of it, as `parseMoney` reads it: `2.00`, `0.0042`. */
export const exactMoney = (usd: number): string => usd.toFixed(4).replace(/0{1,2}$/, '')
