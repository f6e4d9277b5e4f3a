import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'
import type { Repository } from './locate-repository.ts'

export type Head = { commit: string; tree: string; seconds: number }

/** Undefined when there is no such commit. */
export const readCommit = async (cwd: string, rev: string, env?: NodeJS.ProcessEnv): Promise<Head | undefined> => {
  const args = ['rev-list', '--max-count=1', '--format=tformat:%H %T %ct', '--end-of-options', `${rev}^{commit}`, '--']
  const { stdout } = await git(args, { cwd, env, allow: [128] })
  const [commit, tree, seconds] = (stdout.toString('latin1').split('\n')[1] ?? '').split(' ')
  return commit && tree && seconds ? { commit, tree, seconds: Number(seconds) } : undefined
}

/** The far end of the first-parent line: one commit that all clones share, found without walking merged histories. */
export const readRoot = async (cwd: string, rev: string, env?: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const args = ['rev-list', '--first-parent', '--max-parents=0', '--end-of-options', `${rev}^{commit}`, '--']
  const { stdout } = await git(args, { cwd, env, allow: [128] })
  return stdout.toString('latin1').trim().split('\n').at(-1) || undefined
}

/** A history cut elsewhere is another repository for the other side: mixed in one object store they would break each other. */
export const repositoryId = (repository: Repository, root: string | undefined, shallow: readonly string[]): string => {
  const lines = root === undefined ? ['unborn', repository.commonDir] : [root]
  const cut = [...shallow].sort().map((commit) => `shallow ${commit}`)
  return createHash('sha256')
    .update([...lines, ...cut].join('\n'))
    .digest('hex')
}

/** In a partial clone objects may be missing: they are the promise of a server. */
export const isPartialClone = async (repository: Repository): Promise<boolean> => {
  const packs = await readdir(join(repository.commonDir, 'objects', 'pack')).catch(() => [])
  return packs.some((name) => name.endsWith('.promisor'))
}

export const noSuchCommit = (ref: string): RemoteError =>
  new RemoteError('repository', `there is no commit ${ref} in this repository`, {
    hint: 'git log --oneline --all shows what there is; fetch it first if it is elsewhere',
  })
