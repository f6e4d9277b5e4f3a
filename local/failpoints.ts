import { appendFileSync } from 'node:fs'

/** Called at every crossing of a port's border, with its name. */
export type Cross = (where: string) => void

/**
 * For tests of crashes: `REMOTE_FAILPOINT=<n>` kills this process, with no chance to tidy up, at the n-th crossing;
 * `REMOTE_FAILPOINT_COUNT=<file>` appends how many there were. Undefined in every other life.
 */
export const openFailpoints = (env: NodeJS.ProcessEnv): Cross | undefined => {
  const fatal = Number(env['REMOTE_FAILPOINT'] ?? 0)
  const file = env['REMOTE_FAILPOINT_COUNT']
  if (!fatal && !file) return undefined
  let crossed = 0
  if (file) process.on('exit', () => appendFileSync(file, `${crossed}\n`))
  return (where) => {
    crossed += 1
    if (crossed !== fatal) return
    console.error(`failpoint ${crossed}: ${where}`)
    process.kill(process.pid, 'SIGKILL')
  }
}

/** Calls that only look: a crash before or after one leaves what the effect before it left. */
const LOOKS: ReadonlySet<string> = new Set([
  ...['get', 'list', 'withKey', 'startingWith', 'timeline', 'after', 'values', 'kept'],
  ...['log', 'read', 'tips', 'chain', 'url', 'place', 'find', 'checkout'],
])

/** The same port, crossing before and after each of its calls that persists something or has an effect. */
export const withFailpoints = <Port extends object>(name: string, port: Port, cross: Cross): Port =>
  new Proxy(port, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function' || LOOKS.has(String(key))) return member
      return (...values: unknown[]) => {
        cross(`before ${name}.${String(key)}`)
        const answer: unknown = Reflect.apply(member, target, values)
        const crossed = () => cross(`after ${name}.${String(key)}`)
        if (answer instanceof Promise) return answer.finally(crossed)
        crossed()
        return answer
      }
    },
  })
