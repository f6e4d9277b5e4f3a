import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositorySource } from '../../core/contract/dispatch.ts'
import { isCommand } from '../../core/contract/is-command.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { RunSpec } from '../../core/contract/runner.ts'
import { type Author, sessionAuthor } from './author.ts'
import { checkOutSubmodules } from './checkout-submodules.ts'
import { continueWorkspace } from './continue-workspace.ts'
import { makeGitDir, quoteConfig } from './make-git-dir.ts'
import { removeLocks } from './remove-locks.ts'
import { type FetchBundle, importBundles, openRepositoryCache } from './repository-cache.ts'
import { sealedGit } from './sealed-git.ts'
import { beginAnew, hasBegun, heldCheckout, readNote, trustedGitDir, writeNote } from './session-git.ts'

export type Checkout = {
  spec: Pick<RunSpec, 'request' | 'bundles' | 'checkpoint' | 'branch' | 'workspace'>
  cacheDir: string
  /** Its parent also gets `git`, the git directory that the agent cannot write. */
  workDir: string
  fetchBundle: FetchBundle
}

/** A name that git and the file system both take; the session's own branch lives in the directory `remote`. */
const isPlainBranch = (name: string): boolean =>
  /^(?!.*(\.\.|\/\/|@\{|\.lock(\/|$)|\/\.|\.\/))[^\p{Cc} ~^:?*[\\]+$/u.test(name) &&
  !/^[-./]|[./]$/.test(name) &&
  !/^remote(\/|$)/i.test(name)

const branchesOf = (source: RepositorySource, branch: string, commit: string): Record<string, string> => {
  const known: Record<string, string> = { [branch]: commit }
  // So that `git diff main` and `git log main..` mean what they mean at the user's.
  if (source.branch !== undefined && source.head !== undefined && isPlainBranch(source.branch)) known[source.branch] = source.head
  return known
}

const identityOf = ({ name, email }: Author): string =>
  `[user]\n\tname = ${quoteConfig(name)}\n\temail = ${quoteConfig(email)}\n[commit]\n\tgpgsign = false\n[tag]\n\tgpgsign = false\n`

const isEmpty = async (dir: string): Promise<boolean> => (await readdir(dir).catch(() => [])).length === 0

/** Where the files begin, and whether those that are here stay as far as they can. */
const beginning = async (
  { spec, workDir }: Checkout,
  source: RepositorySource,
  cache: string,
): Promise<{ start: string; keep: boolean }> => {
  const { request, checkpoint, workspace } = spec
  const start = checkpoint?.commit ?? source.commit
  const before = workspace === undefined ? undefined : await readNote(workDir)
  if (before?.cache === cache)
    return { start: await continueWorkspace({ workDir, note: before, snapshot: start, from: request.from }), keep: true }
  if (workspace !== undefined && request.from !== 'mine' && !hasBegun(workDir) && !(await isEmpty(workDir))) {
    throw new RemoteError('refused', "the workspace holds other files than this repository's", {
      hint: 'use another workspace, or replace what is in it: --from mine',
    })
  }
  return { start, keep: false }
}

/**
 * The checkout of a session: the snapshot's files on branch `remote/<session>`, objects borrowed from the machine's cache. The user's
 * uncommitted changes are the branch's first commit, `base`: what the session did is `base..branch`. After a checkpoint the files are
 * the checkpoint's; in a workspace they are its own, with what is new of the user's. The checkout of an attempt before this one, whose
 * runner died, is kept as it is for an agent and made anew for a command.
 */
export const checkout = async (ask: Checkout): Promise<{ branch: string; base: string }> => {
  const { spec, cacheDir, workDir, fetchBundle } = ask
  const { request, branch, checkpoint } = spec
  const source = request.repository
  if (source === undefined) throw new RemoteError('bug', 'a checkout was asked for a session without a repository')
  const held = await heldCheckout(workDir, branch)
  const ownGitDir = join(workDir, '.git')
  if (held && (!isCommand(request.agent) || spec.workspace !== undefined)) {
    await removeLocks(ownGitDir, branch)
    return held
  }

  const gitDir = trustedGitDir(workDir)
  const cache = await openRepositoryCache(cacheDir, source)
  await importBundles(cache, [...spec.bundles, ...(checkpoint?.bundle === undefined ? [] : [checkpoint.bundle])], fetchBundle)
  const { start, keep } = await beginning(ask, source, cache)
  // An agent's `.git` is never taken over: what it planted there would be obeyed by the next one's git.
  if (keep) await rm(ownGitDir, { recursive: true, force: true })
  else await beginAnew(workDir)
  await mkdir(workDir, { recursive: true })

  const base = request.resumes === undefined && !keep ? source.commit : start
  const author = await sessionAuthor(cache, request.env, source.head)
  const facts = {
    alternates: [join(cache, 'objects')],
    sha256: start.length === 64,
    shallow: source.shallow ?? [],
    ignore: source.ignore,
    bare: false,
  }
  await makeGitDir({ ...facts, dir: gitDir, head: { commit: start }, branches: {} })
  const branches = branchesOf(source, branch, start)
  await Promise.all([
    sealedGit(['read-tree', '-u', '--reset', start], { gitDir, workTree: workDir }),
    makeGitDir({ ...facts, dir: ownGitDir, head: { branch }, branches, config: identityOf(author) }),
  ])
  // With the stat cache of the files just written, the agent's first `git status` reads none of them.
  await copyFile(join(gitDir, 'index'), join(ownGitDir, 'index'))
  if (existsSync(join(workDir, '.gitmodules'))) await checkOutSubmodules({ workDir, cache, gitDir, shallow: facts.shallow })
  if (request.cwd !== undefined && request.cwd !== '') await mkdir(join(workDir, request.cwd), { recursive: true })
  await writeNote(workDir, { branch, base, start, taken: source.commit, head: source.head, cache, author })
  return { branch, base }
}
