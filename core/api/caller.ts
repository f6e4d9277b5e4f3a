import type { Context } from 'hono'
import { RemoteError } from '../contract/remote-error.ts'
import { SELF } from '../contract/self.ts'

const NAME = /^[\x20-\x7e]{1,128}$/
const KEY = /^[\x21-\x7e]{1,200}$/

/** Who calls: locally a name the caller gives itself, since only the user's own programs reach the socket. */
export const callerOf = (c: Context): string => callerNamed(c.req.header('x-remote-by'))

export const callerNamed = (name: string | undefined): string => {
  if (name === undefined || !NAME.test(name)) return 'unknown'
  return name === SELF ? `user ${SELF}` : name
}

export const keyOf = (c: Context): string | undefined => {
  const key = c.req.header('idempotency-key')
  if (key === undefined || KEY.test(key)) return key
  throw new RemoteError('bad_request', 'Idempotency-Key has 1 to 200 printable characters without spaces', {
    hint: 'any text of your own that is the same whenever the call is repeated, such as a UUID',
  })
}
