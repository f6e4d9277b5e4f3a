import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { git } from './git.ts'
import type { Repository } from './locate-repository.ts'

export type UserSettings = {
  /** Who the user is to git, when git was told. */
  author: { name: string; email: string } | undefined
  /** Filters that have a program to run when a file is added. */
  filters: ReadonlySet<string>
  /** The user's ignore rules for all repositories. */
  ignoreFile: string
}

const WANTED = '^(user\\.(name|email)|core\\.excludesfile|filter\\..*\\.(clean|process))$'

const homeOf = (env: NodeJS.ProcessEnv): string => env['HOME'] ?? homedir()
export const configDir = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CONFIG_HOME'] || join(homeOf(env), '.config'), 'git')

/** What of the user's git configuration matters here, in one look. */
export const readUserSettings = async (cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<UserSettings> => {
  const { stdout } = await git(['config', '-z', '--get-regexp', WANTED], { cwd, env, allow: [1] })
  const filters = new Set<string>()
  const values = new Map<string, string>()
  for (const record of stdout.toString('utf8').split('\0')) {
    const [key = '', ...value] = record.split('\n')
    if (key.startsWith('filter.')) filters.add(key.split('.').slice(1, -1).join('.'))
    else if (key !== '') values.set(key, value.join('\n'))
  }
  const [name, email] = [env['GIT_AUTHOR_NAME'] || values.get('user.name'), env['GIT_AUTHOR_EMAIL'] || values.get('user.email')]
  const ignoreFile = values.get('core.excludesfile')?.replace(/^~(?=\/)/, homeOf(env)) || join(configDir(env), 'ignore')
  return { author: name !== undefined && email !== undefined ? { name, email } : undefined, filters, ignoreFile }
}

const rulesIn = async (file: string): Promise<string[]> => {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** The ignore rules that do not travel with the files, the stronger ones last, as git reads them. */
export const readOuterIgnores = async (repository: Repository, { ignoreFile }: UserSettings): Promise<string> => {
  const rules = await Promise.all([ignoreFile, join(repository.commonDir, 'info', 'exclude')].map(rulesIn))
  return rules
    .flat()
    .map((rule) => `${rule}\n`)
    .join('')
}
