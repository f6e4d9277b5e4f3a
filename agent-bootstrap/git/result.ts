import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from '../../core/contract/outcome.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import { commitCheckout } from './commit-checkout.ts'
import { writeRef } from './make-git-dir.ts'
import { lineOf, sealedGit } from './sealed-git.ts'
import { readNote, trustedGitDir } from './session-git.ts'

export type CollectResult = {
  workDir: string
  base: string
  branch: string
  /** Subject of the commit for what the agent left uncommitted. */
  sessionTitle: string
}
export type Collected = {
  result: Result
  /** The result's bundle, `result.bundle` its SHA-256; absent when nothing changed. It stays until the next collection. */
  bundleFile?: string
  bundleBytes?: number
  /** For `PUT /v1/bundles/:sha256`. */
  facts?: Pick<BundleFacts, 'tips' | 'needs'>
  /** For the log: what is not in the result, in words. */
  notices: string[]
}

/**
 * Commits what is uncommitted and bundles the branch. May be called at any time, and again: a checkpoint is the same. The checkout is
 * the agent's, so nothing in it is executed or obeyed: no hook, filter, monitor, text converter, configuration or alternate.
 */
export const collectResult = async ({ workDir, base, branch, sessionTitle }: CollectResult): Promise<Collected> => {
  const note = await readNote(workDir)
  if (note === undefined) throw new RemoteError('bug', 'a result was asked for a checkout that was never whole')
  const gitDir = trustedGitDir(workDir)
  const { commit, notices } = await commitCheckout(workDir, { ...note, base, branch }, sessionTitle)
  await writeRef(gitDir, branch, commit)
  const numbers = commit === base ? { files: 0, insertions: 0, deletions: 0 } : await countChanges(gitDir, base, commit)
  const result: Result = { branch, base, commit, ...numbers }
  if (commit === base || commit === note.head) return { result, notices }
  const needs = note.head === undefined ? [] : [note.head]
  const bundleFile = join(gitDir, 'result.bundle')
  await rm(bundleFile, { force: true })
  const revisions = [`refs/heads/${branch}`, ...needs.map((need) => `^${need}`)]
  const bundled = await sealedGit(['bundle', 'create', '-q', bundleFile, ...revisions], { gitDir, allow: [128] })
  if (bundled.code !== 0) {
    // The agent went back to a commit of the user's: there is nothing to carry.
    if (bundled.stderr.includes('empty bundle')) return { result, notices }
    throw new RemoteError('repository', `the result could not be bundled: ${bundled.stderr.trim()}`)
  }
  const [bundle, { size }] = await Promise.all([sha256Of(bundleFile), stat(bundleFile)])
  return { result: { ...result, bundle }, bundleFile, bundleBytes: size, facts: { tips: [commit], needs }, notices }
}

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const countChanges = async (
  gitDir: string,
  base: string,
  commit: string,
): Promise<Pick<Result, 'files' | 'insertions' | 'deletions'>> => {
  const line = lineOf(
    await sealedGit(['diff', '--shortstat', '--no-renames', '--no-ext-diff', '--no-textconv', base, commit], { gitDir }),
  )
  const number = (word: RegExp) => Number(word.exec(line)?.[1] ?? 0)
  return { files: number(/(\d+) files? changed/), insertions: number(/(\d+) insertion/), deletions: number(/(\d+) deletion/) }
}
