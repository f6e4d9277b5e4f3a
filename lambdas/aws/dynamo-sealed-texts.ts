import { type Item, type Key, S, type Table, text } from './dynamo-table.ts'
import type { LargeTexts } from './s3-large-texts.ts'
import { openText, sealText } from './sealed-text.ts'

const PREFIX = 'kept#'
/** A write of so much costs as much as an object. */
const INLINE_CHARACTERS = 8192

const key = (session: string, name: string): Key => ({ pk: `S#${session}`, sk: `${PREFIX}${name}` })

/** Texts that are kept for a session, sealed with a key that is kept elsewhere: without it they are noise. Items `S#<session>` / `kept#<name>`. */
export const openSealedTexts = (table: Table, large: LargeTexts) => {
  const items = (session: string): Promise<Item[]> =>
    table.query({ where: '#pk = :pk AND begins_with(#sk, :kept)', values: { pk: S(`S#${session}`), kept: S(PREFIX) } })

  return {
    put: async (session: string, sealingKey: string, name: string, value: string): Promise<void> => {
      const { pk, sk } = key(session, name)
      const sealed = await sealText(sealingKey, `${pk} ${sk}`, value)
      const body: Item = sealed.length > INLINE_CHARACTERS ? { at: S(await large.put(session, sealed)) } : { sealed: S(sealed) }
      await table.put({ put: { pk: S(pk), sk: S(sk), ...body } })
    },
    of: async (session: string, sealingKey: string): Promise<[name: string, value: string][]> =>
      Promise.all(
        (await items(session)).map(async ({ pk, sk, sealed, at }): Promise<[string, string]> => {
          const stored = sealed?.S ?? (await large.get(text(at)))
          return [text(sk).slice(PREFIX.length), await openText(sealingKey, `${text(pk)} ${text(sk)}`, stored)]
        }),
      ),
    remove: async (session: string): Promise<void> => {
      await Promise.all((await items(session)).map(({ pk, sk }) => table.delete({ pk: text(pk), sk: text(sk) })))
    },
  }
}
