import { existsSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'
import type { Repository } from './locate-repository.ts'

type Ask = { repository: Repository; cwd: string | undefined; commit: string | undefined; env: NodeJS.ProcessEnv | undefined }

/** Git names the repository's top without symbolic links. */
const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path)

/** The directory to work in, relative to the repository's top, `/`-separated. A directory that was named must exist. */
export const cwdInside = async ({ repository, cwd, commit, env }: Ask): Promise<string> => {
  if (cwd === undefined) {
    if (repository.prefix === '' || commit === undefined) return repository.prefix
    return (await isDirectoryOf(repository.dir, commit, repository.prefix, env)) ? repository.prefix : ''
  }
  const inside = relative(repository.dir, isAbsolute(cwd) ? realPath(cwd) : join(repository.dir, cwd))
    .split(sep)
    .join('/')
  if (inside === '..' || inside.startsWith('../')) {
    throw new RemoteError('repository', `${cwd} is outside of the repository`, {
      hint: 'name a directory inside, relative to its top',
    })
  }
  if (inside === '') return ''
  const exists =
    commit === undefined
      ? (statSync(join(repository.dir, inside), { throwIfNoEntry: false })?.isDirectory() ?? false)
      : await isDirectoryOf(repository.dir, commit, inside, env)
  if (!exists) {
    throw new RemoteError('repository', `there is no directory ${inside} in the repository`, {
      hint: 'name it relative to the top of the repository',
    })
  }
  return inside
}

const isDirectoryOf = async (dir: string, commit: string, path: string, env: NodeJS.ProcessEnv | undefined): Promise<boolean> => {
  const { stdout } = await git(['cat-file', '-t', `${commit}:${path}`], { cwd: dir, env, allow: [128] })
  return stdout.toString('latin1').trim() === 'tree'
}
