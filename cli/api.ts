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

/** `/v1/sessions/:id` with its parameters, which may hold anything. */
export const pathOf = (path: string, { param = {}, query = {} }: Input): string => {
  const filled = path.replace(/:([a-z0-9]+)/g, (_, name: string) => {
    const value = param[name] ?? ''
    // It would ask for all of them.
    if (value === '') throw new RemoteError('usage', `the ${name} is empty`, { hint: 'see: remote help' })
    return encodeURIComponent(value)
  })
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`
}
