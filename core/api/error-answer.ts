import type { Context } from 'hono'
import type { ErrorBody } from '../contract/error-body.ts'
import { ERRORS, RemoteError } from '../contract/remote-error.ts'

const answer = (c: Context, body: ErrorBody) => c.json(body, ERRORS[body.code].status)

/** A refusal says what to do; anything else is a bug, whose story is told to `onBug` under an id and to nobody else. */
export const errorAnswer = (c: Context, error: unknown, onBug: (error: unknown, id: string) => void) => {
  if (error instanceof RemoteError) {
    const { code, message, hint } = error
    return answer(c, { code, message, ...(hint === undefined ? {} : { hint }) })
  }
  const id = `bug-${crypto.randomUUID().slice(0, 8)}`
  onBug(error, id)
  return answer(c, {
    code: 'bug',
    message: 'something unforeseen went wrong',
    hint: `its story is in the control plane's log under ${id}`,
    id,
  })
}

export const noRoute = (c: Context) =>
  answer(c, { code: 'not_found', message: 'there is no such call', hint: 'all calls are in /v1/openapi.json' })
