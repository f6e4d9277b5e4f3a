import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Confine } from './agents/driver.ts'
import { sealedGit } from './git/sealed-git.ts'
import { trustedGitDir } from './git/session-git.ts'

const COPY_DEADLINE_MS = 600_000
/** Results kept per repository; the one used longest ago goes first. */
const KEPT_RESULTS = 5
/** A file that is mostly hole is as large here as it says. */
const MAX_KEPT_BYTES = 16 * 1024 ** 3
const MAX_SAID_CHARACTERS = 500

/** The checkout, and how its session's commands are fenced in. */
export type SetupPlace = { workDir: string; env: Record<string, string>; confine: Confine }

/**
 * Paths in the checkout that git does not have, folders as one (`node_modules/`); names are bytes, so one character each. Its
 * `.git` is the session's to write, and is not obeyed.
 */
export const madePaths = async (workDir: string): Promise<Set<string>> => {
  const { stdout } = await sealedGit(['ls-files', '--others', '--directory', '-z'], {
    gitDir: trustedGitDir(workDir),
    workTree: workDir,
    timeoutMs: COPY_DEADLINE_MS,
  })
  const paths = stdout.toString('latin1').split('\0')
  return new Set(paths.filter((path) => path !== '').map((path) => path.replace(/\/$/, '')))
}

/**
 * A shell line in the checkout, fenced in as the session's commands are: what those left running, and links in the repository,
 * lead it nowhere but where they could go themselves. Answers what went wrong.
 */
const inCheckout = async (
  { workDir, env, confine }: SetupPlace,
  line: string,
  { input, output }: { input: string | number; output?: number },
): Promise<string | undefined> => {
  const { command, args, env: inner } = await confine('/bin/sh', ['-c', line], env)
  const child = spawn(command, args, {
    cwd: workDir,
    env: inner,
    detached: true,
    stdio: [typeof input === 'number' ? input : 'pipe', output ?? 'ignore', 'pipe'],
    timeout: COPY_DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID_CHARACTERS)
  })
  child.stdin?.on('error', () => child.stdin?.destroy()) // it ended first: its exit code says why
  if (typeof input === 'string') child.stdin?.end(input, 'latin1')
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return code === 0 ? undefined : said.trim().split('\n').at(-1) || `ended with ${signal ?? code}`
  } catch (error) {
    return `could not be started: ${error instanceof Error ? error.message : error}`
  }
}

const REMOVE = 'exec xargs -0 rm -rf --'
const UNPACK = 'exec tar -xpof -'
const PACK = `ulimit -f ${MAX_KEPT_BYTES / 512} 2>/dev/null; exec tar -cf - --null -T -`

/** Is every folder on the way to `path` a real one? A link in the repository may lead to where no sandbox keeps a session out. */
const staysInside = async (workDir: string, path: string): Promise<boolean> => {
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    const found = await lstat(Buffer.from(join(Buffer.from(workDir).toString('latin1'), at), 'latin1')).catch(() => undefined)
    if (found && !found.isDirectory()) return false
  }
  return true
}

/** Another session, or the sweep, may forget a kept result at any moment. */
const unlessGone = (error: unknown): undefined => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

/** Puts the kept result into the checkout. False when there is none. */
export const restoreSetup = async (place: SetupPlace, store: string, key: string): Promise<boolean> => {
  const kept = join(store, key)
  const paths = await readFile(join(kept, 'paths'), 'latin1').catch(() => undefined)
  if (paths === undefined) return false
  for (const path of paths.split('\0')) if (!(await staysInside(place.workDir, path))) return false
  if (paths !== '') {
    const archive = await open(join(kept, 'made.tar')).catch(unlessGone)
    if (!archive) {
      await rm(kept, { recursive: true, force: true })
      return false
    }
    try {
      const failed =
        (await inCheckout(place, REMOVE, { input: paths })) ?? (await inCheckout(place, UNPACK, { input: archive.fd }))
      if (failed !== undefined) {
        await inCheckout(place, REMOVE, { input: paths }) // half of it would be worse than nothing
        await rm(kept, { recursive: true, force: true }) // what cannot be unpacked now makes room for what the commands make
        return false
      }
    } finally {
      await archive.close()
    }
  }
  const now = new Date()
  await utimes(kept, now, now).catch(unlessGone)
  return true
}

const forgetOldest = async (store: string) => {
  const names = (await readdir(store)).filter((name) => /^[0-9a-f]{64}$/.test(name))
  const aged = await Promise.all(names.map(async (name) => ({ name, usedAt: (await stat(join(store, name))).mtimeMs })))
  aged.sort((a, b) => b.usedAt - a.usedAt)
  for (const { name } of aged.slice(KEPT_RESULTS)) await rm(join(store, name), { recursive: true, force: true })
}

const pack = async (place: SetupPlace, file: string, paths: string) => {
  const archive = await open(file, 'wx', 0o600)
  try {
    const failed = await inCheckout(place, PACK, { input: paths, output: archive.fd })
    if (failed !== undefined) throw new Error(failed)
  } finally {
    await archive.close()
  }
}

/** Keeps `made` of the checkout as the result for `key`. Complete or not there: it appears under its name by one rename. */
export const keepSetup = async (place: SetupPlace, store: string, key: string, made: readonly string[]) => {
  const draft = join(store, `${key}.${process.pid}`)
  await mkdir(draft, { recursive: true, mode: 0o700 })
  try {
    const paths = made.map((path) => `${path}\0`).join('')
    if (paths !== '') await pack(place, join(draft, 'made.tar'), paths)
    await writeFile(join(draft, 'paths'), paths, { encoding: 'latin1', mode: 0o600 })
    await rename(draft, join(store, key)).catch((error: unknown) => {
      // Another session kept the same result meanwhile.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST'))) throw error
    })
    await forgetOldest(store)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
