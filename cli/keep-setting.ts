import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'
import { makeDirectory } from './make-directory.ts'
import { userConfigFile } from './settings.ts'
import { withSetting } from './with-setting.ts'

/** A file can be written in more ways than lines can be edited in; one that was broken would be in the way of everything. */
const checkEdited = async (file: string, text: string, key: string, value: string): Promise<void> => {
  const { parse } = await import('smol-toml')
  let kept: unknown
  try {
    const { defaults } = parse(text)
    kept = typeof defaults === 'object' && key in defaults ? Object.entries(defaults).find(([name]) => name === key)?.[1] : ''
  } catch {
    kept = undefined
  }
  if (kept === value) return
  throw new RemoteError('refused', `${file} is written in a way that cannot be edited from here; nothing was changed`, {
    hint: `change \`${key}\` of [defaults] there by hand`,
  })
}

/** Sets a setting in the user's own file, or removes it when `value` is empty; answers the file. */
export const keepSetting = async (env: NodeJS.ProcessEnv, key: string, value: string): Promise<string> => {
  const file = userConfigFile(env)
  const before = existsSync(file) ? await readFile(file, 'utf8') : ''
  makeDirectory(dirname(file))
  const after = withSetting(before, key, value)
  await checkEdited(file, after, key, value)
  const draft = `${file}.${process.pid}`
  await writeFile(draft, after, { mode: 0o600 })
  await rename(draft, file)
  return file
}
