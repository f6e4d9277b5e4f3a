import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'
import { cloneAddress } from './clone-credentials.ts'
import { withoutOtherGit } from './git/git.ts'
import type { Io } from './io.ts'
import { makeDirectory } from './make-directory.ts'

const CLONE_MS = 30 * 60_000
const MAX_SAID = 64 * 1024
const REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']

type Git = { io: Io; env: NodeJS.ProcessEnv; quiet: boolean }
type Said = { code: number; stdout: string }

/** The user's own git, with their credentials; what it says goes to stderr. */
const runGit = ({ io, env, quiet }: Git, args: readonly string[], cwd: string): Promise<Said> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env, stdio: ['inherit', 'pipe', 'pipe'], timeout: CLONE_MS })
    let stdout = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      if (stdout.length < MAX_SAID) stdout += chunk.toString('utf8')
    })
    child.stderr?.on('data', (chunk: Buffer) => quiet || io.stderr.write(chunk))
    child.on('error', (cause) =>
      reject(new RemoteError('repository', 'git did not start', { hint: 'install git, or pass --no-repo', cause })),
    )
    child.on('close', (code) => resolve({ code: code ?? 1, stdout }))
  })

/** What the other side's HEAD is may change; a fetch does not bring it. */
const followHead = async (git: Git, dir: string): Promise<boolean> => {
  const upstream = await runGit(git, ['ls-remote', '--symref', 'origin', 'HEAD'], dir)
  if (upstream.code !== 0) return false
  const [, branch] = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(upstream.stdout) ?? []
  if (branch !== undefined) {
    const own = await runGit({ ...git, quiet: true }, ['symbolic-ref', '--quiet', 'HEAD'], dir)
    return own.stdout.trim() === branch || (await runGit(git, ['symbolic-ref', 'HEAD', branch], dir)).code === 0
  }
  const [, commit] = /^([0-9a-f]{40,64})\tHEAD$/m.exec(upstream.stdout) ?? []
  if (commit === undefined) return true // it is empty
  const fetched = await runGit(git, ['fetch', '--quiet', 'origin', 'HEAD'], dir)
  return fetched.code === 0 && (await runGit(git, ['update-ref', '--no-deref', 'HEAD', commit], dir)).code === 0
}

/** Git holds its locks for moments; one of a git that was killed would be in the way for ever. */
const STALE_LOCK_MS = 60_000

const removeStaleLocks = async (dir: string): Promise<void> => {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.lock') || !entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const facts = await stat(file).catch(() => undefined) // given up meanwhile
    if (facts && Date.now() - facts.mtimeMs > STALE_LOCK_MS) await rm(file, { force: true })
  }
}

export type CloneUrl = { io: Io; url: string; cache: string; quiet: boolean }

const placeOf = (cache: string, url: string) => join(cache, 'clones', createHash('sha256').update(url).digest('hex').slice(0, 16))

/** A bare clone in the cache, brought up to date; its HEAD is the default branch of the other side. Answers its directory. */
export const cloneUrl = async ({ io, url: typed, cache, quiet }: CloneUrl): Promise<string> => {
  // A hook's or an alias's git would have us fetch into its own repository.
  const { url, env } = cloneAddress(typed, withoutOtherGit(io.env))
  const git = { io, env, quiet }
  const name =
    url
      .replace(/[/\\]+$/, '')
      .split(/[/:\\]/)
      .at(-1)
      ?.replace(/\.git$/, '') || 'repository'
  const parent = placeOf(cache, url)
  const dir = join(parent, `${name}.git`)
  makeDirectory(parent)
  // One that is not used for long is removed.
  const now = new Date()
  await utimes(parent, now, now)
  // Earlier versions kept the address as it was typed.
  if (url !== typed) await rm(placeOf(cache, typed), { recursive: true, force: true })
  const progress = io.stderr.isTTY === true && !quiet ? ['--progress'] : ['--quiet']
  const failed = () =>
    new RemoteError('repository', `${url} could not be fetched`, {
      hint: 'what git said stands above; try it with git itself: git ls-remote URL',
    })
  if (existsSync(dir)) {
    await removeStaleLocks(dir)
    const fetched = await runGit(git, ['fetch', ...progress, '--prune', 'origin', ...REFS], dir)
    if (fetched.code !== 0 || !(await followHead(git, dir))) throw failed()
    return dir
  }
  // Beside its place first: half a clone must not be taken for one.
  const fresh = join(parent, `.fresh-${process.pid}-${Date.now()}`)
  try {
    if ((await runGit(git, ['clone', '--bare', ...progress, '--', url, fresh], parent)).code !== 0) throw failed()
    await rename(fresh, dir).catch((error: unknown) => {
      // Somebody else was quicker with the same.
      if (!existsSync(dir)) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return dir
}
