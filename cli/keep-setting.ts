import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDirectory } from './make-directory.ts'
import { userConfigFile } from './settings.ts'
import { withSetting } from './with-setting.ts'

/** Sets a setting in the user's own file, or removes it when `value` is empty; answers the file. */
export const keepSetting = async (env: NodeJS.ProcessEnv, key: string, value: string): Promise<string> => {
  const file = userConfigFile(env)
  const before = existsSync(file) ? await readFile(file, 'utf8') : ''
  makeDirectory(dirname(file))
  const draft = `${file}.${process.pid}`
  await writeFile(draft, withSetting(before, key, value), { mode: 0o600 })
  await rename(draft, file)
  return file
}
