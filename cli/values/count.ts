import { RemoteError } from '../../core/contract/remote-error.ts'

/** A whole number from 0 on. */
export const parseCount = (text: string, what: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new RemoteError('usage', `${what}: \`${text.slice(0, 40)}\` is not a whole number`, { hint: `for example ${what} 2` })
}
