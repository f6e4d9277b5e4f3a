import type { Context } from 'hono'
import * as z from 'zod'
import { SELF } from '../contract/audit.ts'
import { checked } from './checked.ts'

const Name = z.string().regex(/^[\x20-\x7e]{1,128}$/)
const Key = z.string({ error: 'Idempotency-Key has 1 to 200 printable characters' }).regex(/^[\x21-\x7e]{1,200}$/, {
  error: 'Idempotency-Key has 1 to 200 printable characters without spaces',
})

/** Who calls: locally a name the caller gives itself, since only the user's own programs reach the socket. */
export const callerOf = (c: Context): string => callerNamed(c.req.header('x-remote-by'))

export const callerNamed = (header: string | undefined): string => {
  const name = Name.safeParse(header)
  if (!name.success) return 'unknown'
  return name.data === SELF ? `user ${SELF}` : name.data
}

export const keyOf = (c: Context): string | undefined => {
  const key = c.req.header('idempotency-key')
  return key === undefined ? undefined : checked(Key, key)
}
