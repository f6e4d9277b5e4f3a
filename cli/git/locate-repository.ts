import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'

export type Repository = {
  /** Top of the working tree; the git directory itself when bare. */
  dir: string
  bare: boolean
  /** Of this worktree: HEAD and index are here. */
  gitDir: string
  /** Of the repository: objects and refs are here. */
  commonDir: string
  sha256: boolean
  /** Commits at which history is cut. */
  shallow: string[]
  /** From `dir` to where the user stood, `/`-separated; empty at the top. */
  prefix: string
  name: string
}

const QUESTIONS = ['--is-bare-repository', '--is-shallow-repository', '--show-object-format', '--absolute-git-dir']

export const readShallow = async (gitDir: string): Promise<string[]> => {
  const text = await readFile(join(gitDir, 'shallow'), 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

const HINT = 'go to a repository, name one with --repo PATH, or pass --no-repo to work without files'
/** For who wants the result of a session. */
export const OWN_REPOSITORY = 'go to the repository it was dispatched from, or name it with --repo PATH'

const noRepository = (path: string, said: string, hint: string): RemoteError => {
  if (said.includes('dubious ownership')) {
    return new RemoteError('repository', `${path} belongs to another user, so git does not trust it`, {
      hint: `if you do: git config --global --add safe.directory ${path}`,
    })
  }
  return new RemoteError('repository', `${path} is not in a git repository`, { hint })
}

/** Finds the repository around `path`; `hint`: what to do where there is none. */
export const locateRepository = async (path: string, env?: NodeJS.ProcessEnv, hint = HINT): Promise<Repository> => {
  const args = ['rev-parse', ...QUESTIONS, '--git-common-dir', '--show-prefix', '--show-toplevel']
  const answer = await git(args, { cwd: path, env, allow: [128] })
  const lines = answer.stdout.toString('utf8').split('\n').slice(0, -1)
  const [bare, shallow, format, gitDir, common, prefix, top, more] = lines
  if (prefix === undefined || gitDir === undefined || common === undefined) throw noRepository(path, answer.stderr, hint)
  if (more !== undefined) {
    throw new RemoteError('repository', 'the path of the repository has a line break in it', { hint: 'rename the directory' })
  }
  if (bare !== 'true' && top === undefined) {
    throw new RemoteError('repository', `${path} is inside a git directory, not in a working tree`, {
      hint: 'go to the working tree',
    })
  }
  if (prefix.includes('\uFFFD')) {
    throw new RemoteError('repository', 'the current directory has a name that is not UTF-8', {
      hint: 'start from another directory, or pass --cwd',
    })
  }
  const commonDir = resolve(path, common)
  const dir = top ?? gitDir
  return {
    dir,
    bare: top === undefined,
    gitDir,
    commonDir,
    sha256: format === 'sha256',
    shallow: shallow === 'true' ? await readShallow(commonDir) : [],
    prefix: prefix.replace(/\/$/, ''),
    name: nameOf(dir),
  }
}

const nameOf = (dir: string): string => {
  const last = basename(dir)
  const name = last === '.git' ? basename(dirname(dir)) : last.replace(/\.git$/, '')
  return (name === '' ? 'repository' : name).slice(0, 255)
}
