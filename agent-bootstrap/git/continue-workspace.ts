import { RemoteError } from '../../core/contract/remote-error.ts'
import { signedBy } from './author.ts'
import { commitCheckout } from './commit-checkout.ts'
import { copyCommits } from './copy-commits.ts'
import { recordTip } from './repository-cache.ts'
import { lineOf, sealedGit } from './sealed-git.ts'
import { type CheckoutNote, trustedGitDir, writeNote } from './session-git.ts'

type Ask = {
  workDir: string
  note: CheckoutNote
  /** The user's snapshot, in the cache. */
  snapshot: string
  from: 'mine' | 'workspace' | undefined
}

/**
 * Where a further session of a workspace begins: at the workspace's own state, with what changed in the user's repository since the last
 * one brought in. Answers a commit that is in the cache. Throws `refused` when both sides changed the same lines and nobody said which wins.
 */
export const continueWorkspace = async ({ workDir, note, snapshot, from }: Ask): Promise<string> => {
  const gitDir = trustedGitDir(workDir)
  const { commit: own } = await commitCheckout(workDir, note, 'Left in the workspace')
  // From here on a crash loses nothing: the agent's own git directory is no longer needed.
  await writeNote(workDir, { ...note, start: own })
  const start = await joined({ gitDir, own, snapshot, last: note.taken, from, author: note.author })
  if (start === snapshot) return start
  if (!(await copyCommits({ from: gitDir, to: note.cache, commits: [start], have: [snapshot, note.taken] }))) {
    throw new RemoteError('refused', 'the history in the workspace is damaged', { hint: 'take your own state: --from mine' })
  }
  await recordTip(note.cache, start)
  return start
}

type Sides = { gitDir: string; own: string; snapshot: string; last: string; from: Ask['from']; author: CheckoutNote['author'] }

const joined = async (sides: Sides): Promise<string> => {
  const { gitDir, own, snapshot, last, from } = sides
  if (from === 'mine') return snapshot
  if (from === 'workspace' || snapshot === last) return own
  const trees = lineOf(await sealedGit(['rev-parse', `${own}^{tree}`, `${snapshot}^{tree}`, `${last}^{tree}`], { gitDir })).split(
    '\n',
  )
  const [ownTree = '', snapshotTree = '', lastTree] = trees
  if (ownTree === lastTree) return snapshot
  if (ownTree === snapshotTree || snapshotTree === lastTree) return own
  return merged(sides, ownTree, snapshotTree)
}

const merged = async ({ gitDir, own, snapshot, last, author }: Sides, ownTree: string, snapshotTree: string): Promise<string> => {
  const commit = async (tree: string, message: string, ...parents: string[]) =>
    lineOf(
      await sealedGit(['commit-tree', tree, '-m', message, ...parents.flatMap((parent) => ['-p', parent])], {
        gitDir,
        set: signedBy(author),
      }),
    )
  // Both on the snapshot that the workspace last took in: that is the base, whatever the histories look like.
  const [ours, theirs] = [await commit(ownTree, 'workspace', last), await commit(snapshotTree, 'snapshot', last)]
  const answer = await sealedGit(['merge-tree', '--write-tree', '--name-only', '--no-messages', ours, theirs], {
    gitDir,
    allow: [1, 128, 129],
  })
  const [tree = '', ...conflicts] = lineOf(answer).split('\n')
  if (answer.code === 0) return commit(tree, 'Your changes since the last session, brought in', own, snapshot)
  const where =
    answer.code === 1 ? `both changed ${[...new Set(conflicts)].slice(0, 5).join(', ')}` : 'this git cannot merge them (2.38 can)'
  throw new RemoteError('refused', `the workspace and your repository have diverged: ${where}`, {
    hint: 'say which side wins: --from mine or --from workspace',
  })
}
