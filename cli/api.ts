import type { ApiSchema } from '../core/api/create-api.ts'
import { RemoteError } from '../core/contract/remote-error.ts'

export type Method = 'get' | 'post' | 'put' | 'delete'
type Endpoint<P extends keyof ApiSchema, M extends Method> = `$${M}` extends keyof ApiSchema[P] ? ApiSchema[P][`$${M}`] : never
type PathOf<M extends Method> = { [P in keyof ApiSchema]: `$${M}` extends keyof ApiSchema[P] ? P : never }[keyof ApiSchema]
/** What goes into the path (`param`), behind it (`query`) and into the body (`json`). */
type InputOf<P extends keyof ApiSchema, M extends Method> = Endpoint<P, M> extends { input: infer I } ? I : never
type OutputOf<P extends keyof ApiSchema, M extends Method> = Endpoint<P, M> extends { output: infer O } ? O : never

export type More = {
  headers?: Record<string, string>
  /** No answer for so long is an error. */
  timeoutMs?: number
  /** No second try: others can answer, or somebody waits. */
  once?: boolean
}
type Rest<I> = object extends I ? [input?: I, more?: More] : [input: I, more?: More]

/** One call of the API, typed by what its routes say. Rejects with the RemoteError that was answered. */
export type Ask<M extends Method> = <P extends PathOf<M>>(path: P, ...rest: Rest<InputOf<P, M>>) => Promise<OutputOf<P, M>>

export type Input = { param?: Record<string, string>; query?: Record<string, string | undefined>; json?: unknown }

/** What ids and names are made of; where calls go over a network, a path of anything else is turned away unread. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
const LISTED: readonly (readonly [path: string, what: string, hint: string])[] = [
  ['/v1/sessions/:id', 'session', 'list them: remote status --all'],
  ['/v1/workspaces/:name', 'workspace', 'list them: remote workspace list'],
]
const noneSuch = (path: string, name: string, value: string): RemoteError => {
  const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value
  const [, what, hint] = LISTED.find(([listed]) => `${path}/`.startsWith(`${listed}/`) && listed.endsWith(`:${name}`)) ?? []
  return what === undefined
    ? new RemoteError('usage', `${shown} is not a ${name}`, { hint: 'it has letters, digits, dots, dashes and underscores' })
    : new RemoteError('not_found', `there is no ${what} ${shown}`, { hint })
}

/** `/v1/sessions/:id` with its parameters; a name that nothing can have is known to be nobody's without asking. */
export const pathOf = (path: string, { param = {}, query = {} }: Input): string => {
  const filled = path.replace(/:([a-z0-9]+)/g, (_, name: string) => {
    const value = param[name] ?? ''
    // It would ask for all of them.
    if (value === '') throw new RemoteError('usage', `the ${name} is empty`, { hint: 'see: remote help' })
    if (!PLAIN.test(value)) throw noneSuch(path, name, value)
    return value
  })
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`
}
