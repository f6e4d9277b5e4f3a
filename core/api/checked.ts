import type { Context, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { RemoteError } from '../contract/remote-error.ts'

const MAX_JSON_BYTES = 2 * 1024 * 1024
const SHOWN_ISSUES = 3
const HINT = 'the shape of every call is in /v1/openapi.json'

const shown = (issue: z.core.$ZodIssue) =>
  `${issue.path.join('.').slice(0, 100)}${issue.path.length > 0 ? ': ' : ''}${issue.message}`

/** The parsed value, or `bad_request` with what is wrong: never with the value itself, which may be secret. */
export const checked = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const message = parsed.error.issues.slice(0, SHOWN_ISSUES).map(shown).join('; ')
  throw new RemoteError('bad_request', message.slice(0, 1000), { hint: HINT })
}

/** A part of the call is not what it must be. */
export const notSuch = (part: string, why: string) => new RemoteError('bad_request', `${part}: ${why}`, { hint: HINT })

const tooLarge = () =>
  new RemoteError('too_large', 'the body is over 2 MB', {
    hint: 'put what is long into a file of the repository and name it in the task',
  })

const readBody = async (c: Context): Promise<Uint8Array<ArrayBuffer>> => {
  if (Number(c.req.header('content-length') ?? 0) > MAX_JSON_BYTES) throw tooLarge()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for await (const part of c.req.raw.body ?? []) {
    bytes += part.length
    if (bytes > MAX_JSON_BYTES) throw tooLarge()
    parts.push(part)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

const parseJson = (bytes: Uint8Array): unknown => {
  // A call whose members are all optional may come without a body.
  if (bytes.length === 0) return {}
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new RemoteError('bad_request', 'the body is not JSON', { hint: HINT, cause })
  }
}

type Checked<S extends z.ZodType, Target extends 'json' | 'query'> = MiddlewareHandler<
  object,
  string,
  { in: Record<Target, z.input<S>>; out: Record<Target, z.output<S>> }
>

/**
 * Loaded with the first call that needs it: all schemas together take as long to make as a function may take to start, and most calls need
 * one or none.
 */
type Load<S extends z.ZodType> = () => Promise<S>

/** The JSON body, as the schema says; whatever its content type claims. */
export const body =
  <S extends z.ZodType<object>>(load: Load<S>): Checked<S, 'json'> =>
  async (c, next) => {
    c.req.addValidatedData('json', checked(await load(), parseJson(await readBody(c))))
    await next()
  }

export const query =
  <S extends z.ZodType<object>>(load: Load<S>): Checked<S, 'query'> =>
  async (c, next) => {
    c.req.addValidatedData('query', checked(await load(), c.req.query()))
    await next()
  }
