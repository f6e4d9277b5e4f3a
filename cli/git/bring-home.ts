import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { git } from './git.ts'
import { importResult } from './import-result.ts'
import { locateRepository, OWN_REPOSITORY } from './locate-repository.ts'

export type BringHome = {
  /** Anywhere in the repository. */
  repositoryDir: string
  session: Pick<Session, 'id' | 'result'>
  /** Answers a local file with the bundle's bytes. */
  download(sha256: string): Promise<string>
  env?: NodeJS.ProcessEnv | undefined
}
/** `dir`: the top of the repository it is in. */
export type BroughtHome = { branch: string; commit: string; dir: string; done: 'created' | 'updated' | 'unchanged' }

type Ref = { commit: string | undefined; checkedOutIn: string }

const readBranch = async ({ repositoryDir, env }: BringHome, ref: string): Promise<Ref> => {
  const { stdout } = await git(['for-each-ref', '--format=%(refname) %(objectname) %(worktreepath)', ref], {
    cwd: repositoryDir,
    env,
  })
  const line = stdout
    .toString('utf8')
    .split('\n')
    .find((one) => one.startsWith(`${ref} `))
  const [, commit, ...path] = line?.split(' ') ?? []
  return { commit, checkedOutIn: path.join(' ') }
}

const has = async ({ repositoryDir, env }: BringHome, commit: string): Promise<boolean> =>
  (await git(['cat-file', '-e', `${commit}^{commit}`], { cwd: repositoryDir, env, allow: [1, 128] })).code === 0

const isAncestor = async ({ repositoryDir, env }: BringHome, commit: string, of: string): Promise<boolean> =>
  (await git(['merge-base', '--is-ancestor', commit, of], { cwd: repositoryDir, env, allow: [1] })).code === 0

export const resultOf = ({ id, result }: BringHome['session']): NonNullable<Session['result']> => {
  if (result === undefined) {
    throw new RemoteError('not_found', `${id} has no result`, {
      hint: `a session has one once it ended, and only with a repository; what is left of this one: remote explain ${id}`,
    })
  }
  // Words of a machine: what begins with a dash, git would take for an option.
  const ids = [result.base, result.commit, result.bundle ?? result.commit]
  if (ids.every((one) => /^[0-9a-f]{40,64}$/.test(one))) return result
  throw new RemoteError('corrupt', `the recorded result of ${id} is no commit`, {
    hint: `what it printed is there: remote logs ${id}`,
  })
}

/**
 * Creates or fast-forwards `remote/<session>` and nothing else: no checkout, no other ref, no hook. Refuses when the user has put
 * commits of their own on the branch, or has it checked out. May be repeated.
 */
export const bringHome = async (ask: BringHome): Promise<BroughtHome> => {
  const { repositoryDir, session, env } = ask
  const { commit, bundle } = resultOf(session)
  const { dir } = await locateRepository(repositoryDir, env, OWN_REPOSITORY)
  const branch = `remote/${session.id}`
  const ref = `refs/heads/${branch}`
  const before = await readBranch(ask, ref)
  if (before.commit === commit) return { branch, commit, dir, done: 'unchanged' }
  if (bundle !== undefined && !(await has(ask, commit))) {
    await importResult({ repositoryDir, commit, bundle: { file: await ask.download(bundle), sha256: bundle }, env })
  } else if (!(await has(ask, commit))) {
    throw new RemoteError('repository', `${session.id} changed nothing, and this repository lacks the commit it began with`, {
      hint: 'go to the repository from which it was dispatched',
    })
  }
  if (before.commit !== undefined && !(await isAncestor(ask, before.commit, commit))) {
    throw new RemoteError('repository', `branch ${branch} has been moved, and is left as it is`, {
      hint: `git branch -m ${branch} my-${session.id}, then pull again`,
    })
  }
  if (before.checkedOutIn !== '') {
    throw new RemoteError('repository', `branch ${branch} is checked out in ${before.checkedOutIn}`, {
      hint: `there: git merge --ff-only ${commit}`,
    })
  }
  // With the old value, so that whoever moved it meanwhile wins. Zeros: it must not exist.
  const old = before.commit ?? '0'.repeat(commit.length)
  await git(['update-ref', '--create-reflog', '-m', `remote pull ${session.id}`, ref, commit, old], { cwd: repositoryDir, env })
  return { branch, commit, dir, done: before.commit === undefined ? 'created' : 'updated' }
}
