import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyCommits } from './copy-commits.ts'
import { alternatesLine } from './make-git-dir.ts'
import { makeResultCommit } from './make-result-commit.ts'
import { readAgentRefs } from './read-agent-refs.ts'
import { removeLocks } from './remove-locks.ts'
import { type CheckoutNote, trustedGitDir } from './session-git.ts'

/** The agent's object directory as mere data: what it borrows from is ours to say, not its. */
const agentObjects = async (workDir: string, cache: string): Promise<string | undefined> => {
  const dir = join(workDir, '.git', 'objects')
  for (const place of [dir, join(dir, 'info'), join(dir, 'pack')]) {
    const stat = await lstat(place).catch(() => undefined)
    if (stat !== undefined && !stat.isDirectory()) return undefined
    if (stat === undefined && place === dir) return undefined
  }
  const alternates = join(dir, 'info', 'alternates')
  const ours = alternatesLine(join(cache, 'objects'))
  const plain = (await lstat(alternates).catch(() => undefined))?.isFile() ?? false
  if (!plain || (await readFile(alternates, 'utf8')) !== ours) {
    await rm(alternates, { force: true, recursive: true })
    await mkdir(join(dir, 'info'), { recursive: true })
    await writeFile(alternates, ours, { flag: 'wx' })
  }
  return dir
}

/**
 * The checkout as a commit in our own git directory: the agent's commits, and what it left uncommitted on top. When its commits are
 * damaged, the files alone. The checkout is only read.
 */
export const commitCheckout = async (
  workDir: string,
  note: CheckoutNote,
  title: string,
): Promise<{ commit: string; notices: string[] }> => {
  const gitDir = trustedGitDir(workDir)
  const { start, base, branch, cache, author } = note
  await removeLocks(gitDir)
  const refs = await readAgentRefs(workDir, branch)
  const heads = [...new Set([refs.head ?? start, refs.branch ?? start])]
  const made = heads.filter((commit) => commit !== start)
  const objects = made.length > 0 ? await agentObjects(workDir, cache) : undefined
  const sound =
    made.length === 0 ||
    (objects !== undefined && (await copyCommits({ from: gitDir, objects, to: gitDir, commits: made, have: [start, base] })))
  const notices = sound ? [] : ['the commits in the checkout are damaged: the result is one commit with its files']
  const parents = sound ? heads : [start]
  const { commit, leftOut, unreadable } = await makeResultCommit({ gitDir, workDir, parents, author, title, start })
  for (const path of leftOut) notices.push(`${path} is a git repository of its own: its files are not in the result`)
  for (const path of unreadable) notices.push(`${path} cannot be read: what it holds now is not in the result`)
  return { commit, notices }
}
