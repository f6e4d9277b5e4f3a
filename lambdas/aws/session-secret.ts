import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { newSealingKey } from './sealed-text.ts'
import { MOST_BYTES, type SecretsManager, type Written } from './secrets-manager.ts'

/** Beside the values: what seals the rest. No variable can have this name. */
const KEY = ':key'
const MAX_RACES = 20
/** Each reading is paid for, and a session that waits would be read with every beat. Values are added at its dispatch alone. */
const REMEMBERED_MS = 5 * 60_000

type Content = Record<string, string>
type Describe = (session: string) => Omit<Written, 'value'>
export type SessionSecret = { key: string; values: Content }

const parsed = (value: string): Content => JSON.parse(value) as Content
const textOf = (content: Content): string => {
  const text = JSON.stringify(content)
  if (Buffer.byteLength(text) <= MOST_BYTES) return text
  throw new RemoteError('too_large', 'the secrets of one session in the cloud have more than 64 KB together', {
    hint: 'name fewer with --secret, or keep the larger ones elsewhere and their keys as secrets',
  })
}
const split = ({ [KEY]: key = '', ...values }: Content): SessionSecret => ({ key, values })

/**
 * The one secret of a session: its values, which its machine may read, and the key of what else is kept for it. It is paid for by the
 * hour, so there is one, and none for a session that needs none.
 */
export const openSessionSecret = (manager: SecretsManager, describe: Describe, clock: Clock) => {
  const known = new Map<string, { at: number; secret: SessionSecret }>()
  const forgetOld = () => {
    for (const [session, { at }] of known) if (clock.now() - at > REMEMBERED_MS) known.delete(session)
  }

  const get = async (session: string): Promise<SessionSecret | undefined> => {
    forgetOld()
    const remembered = known.get(session)
    if (remembered) return remembered.secret
    const found = await manager.read(describe(session).name)
    if (!found) return undefined // perhaps not yet
    const secret = split(parsed(found.value))
    known.set(session, { at: clock.now(), secret })
    return secret
  }

  return {
    get,
    /** Adds the values to those that are there, if any. Answers the key, which is made with the secret and stays. */
    add: async (session: string, values: Content): Promise<string> => {
      known.delete(session)
      const fresh: Content = { [KEY]: newSealingKey(), ...values }
      let current = await manager.create({ ...describe(session), value: textOf(fresh) })
      if (!current) return split(fresh).key
      for (let race = 0; race < MAX_RACES; race += 1) {
        const before = parsed(current.value)
        const after = { ...before, ...values }
        const isSame = Object.keys(values).every((name) => Object.hasOwn(before, name) && before[name] === values[name])
        if (isSame || (await manager.replace(current, textOf(after)))) return split(before).key
        const again = await manager.read(current.name)
        if (!again) break
        current = again
      }
      throw new RemoteError('unavailable', `what is kept for ${session} changes too quickly`, { hint: 'try again' })
    },
    remove: (session: string): Promise<void> => {
      known.delete(session)
      return manager.delete(describe(session).name)
    },
  }
}
