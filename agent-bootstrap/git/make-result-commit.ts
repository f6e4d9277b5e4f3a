import { type Author, signedBy } from './author.ts'
import { lineOf, sealedGit } from './sealed-git.ts'
import { type StagedCheckout, stageCheckout } from './stage-checkout.ts'

type Ask = {
  gitDir: string
  workDir: string
  /** HEAD as the agent left it, then the session's branch when that is another commit. */
  parents: readonly string[]
  /** What our index was made from. */
  start: string
  author: Author
  title: string
}

/**
 * The commit whose files are those of the checkout: HEAD when they are its own, else a new one on it. When the agent left commits on the
 * session's branch that HEAD does not have, the branch is a second parent, so that they come home too.
 */
export const makeResultCommit = async (ask: Ask): Promise<{ commit: string } & Omit<StagedCheckout, 'tree'>> => {
  const { gitDir, workDir, author, title, start } = ask
  const [head = start, other] = ask.parents
  const { tree: staged, ...left } = await stageCheckout(gitDir, workDir)
  if (staged === undefined && head === start && other === undefined) return { commit: head, ...left }

  const treeOf = async (commit: string) => lineOf(await sealedGit(['rev-parse', `${commit}^{tree}`], { gitDir }))
  const tree = staged ?? (await treeOf(start))
  const parents = [head]
  if (other !== undefined && !(await isAncestor(gitDir, other, head))) parents.push(other)
  if (parents.length === 1 && tree === (await treeOf(head))) return { commit: head, ...left }

  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])]
  const answer = await sealedGit(args, { gitDir, set: signedBy(author), input: `${title.split('\n')[0]}\n` })
  return { commit: lineOf(answer), ...left }
}

const isAncestor = async (gitDir: string, commit: string, of: string): Promise<boolean> =>
  (await sealedGit(['merge-base', '--is-ancestor', commit, of], { gitDir, allow: [1] })).code === 0
