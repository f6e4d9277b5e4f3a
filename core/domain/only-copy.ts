import type { Session } from '../contract/session.ts'

/**
 * What was not brought home (the machine was lost, hung, or could not save its result) is only in the session's checkout. Of a
 * session that ends or has ended.
 */
export const isCheckoutOnlyCopy = ({ result, ending, outcome, attempts, request }: Session): boolean => {
  const hasRun = attempts.some(({ greetedAt }) => greetedAt !== undefined)
  return !result && ((outcome ?? ending)?.outcome === 'lost' || (hasRun && request.repository !== undefined))
}
