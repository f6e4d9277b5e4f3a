import { RemoteError } from '../../core/contract/remote-error.ts'

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/** The same port. A full disk is nothing unforeseen: whoever called is told of it, and can try again. */
export const sayingFullDisk = <Port extends object>(port: Port, dir: string): Port => {
  const translate = (error: unknown): never => {
    if (!isFull(error)) throw error
    throw new RemoteError('unavailable', `the disk of ${dir} is full`, {
      hint: 'free some space and try again; what remote uses there: remote doctor',
      cause: error,
    })
  }
  return new Proxy(port, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      return (...values: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, values)
        return answer instanceof Promise ? answer.catch(translate) : answer
      }
    },
  })
}
