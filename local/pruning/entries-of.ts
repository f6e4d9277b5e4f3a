import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../adapters/read-json.ts'

export type Entry = { name: string; path: string; changedAt: number }

/** What lies in a directory, and since when it is as it is. Nothing when there is no such directory. */
export const entriesOf = async (dir: string): Promise<Entry[]> => {
  const unlessMissing = (error: unknown) => {
    if (!isMissing(error)) throw error
  }
  const names = (await readdir(dir).catch(unlessMissing)) ?? []
  const entries = await Promise.all(
    names.map(async (name) => {
      const path = join(dir, name)
      const facts = await stat(path).catch(unlessMissing)
      return facts ? [{ name, path, changedAt: facts.mtimeMs }] : []
    }),
  )
  return entries.flat()
}
