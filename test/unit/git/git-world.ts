import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { checkout } from '../../../agent-bootstrap/git/checkout.ts'
import { type Collected, collectResult } from '../../../agent-bootstrap/git/result.ts'
import { ship } from '../../../cli/git/ship.ts'
import { type Snapshot, type TakeSnapshot, takeSnapshot } from '../../../cli/git/snapshot.ts'
import { Dispatch, type DispatchInput } from '../../../core/contract/dispatch.ts'
import type { BundleFacts } from '../../../core/contract/repository.ts'
import type { RunSpec } from '../../../core/contract/runner.ts'

type Stored = { sha256: string; bytes: number; facts: BundleFacts }
type Spec = Pick<RunSpec, 'request' | 'bundles' | 'checkpoint' | 'branch' | 'workspace'>
export type Arrived = { workDir: string; branch: string; base: string; snapshot: Snapshot; spec: Spec }

/** Bundles in memory, found as the real store finds them: what a commit needs comes first. */
const chainOf = (stored: readonly Stored[], commit: string, found = new Set<Stored>()): Stored[] => {
  const holder = stored.findLast(({ facts }) => facts.tips.includes(commit))
  if (holder === undefined) throw new Error(`no bundle holds ${commit}`)
  if (!found.has(holder)) {
    for (const need of holder.facts.needs) chainOf(stored, need, found)
    found.add(holder)
  }
  return [...found]
}

/** A user with a home of their own, and a machine that has nothing of theirs. */
export const openGitWorld = () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'remote-git-')))
  const dirs = {
    home: join(root, 'home'),
    tmp: join(root, 'tmp'),
    store: join(root, 'store'),
    cache: join(root, 'cache'),
    sessions: join(root, 'sessions'),
    repositories: join(root, 'repositories'),
  }
  for (const dir of Object.values(dirs)) mkdirSync(dir)
  writeFileSync(
    join(dirs.home, '.gitconfig'),
    '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
  )
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: dirs.home, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C.UTF-8' }
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 })
  const write = (dir: string, files: Record<string, string | Buffer>): void => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), content)
    }
  }
  const repository = (name: string, files: Record<string, string | Buffer> = { 'a.txt': 'one\n' }): string => {
    const dir = join(dirs.repositories, name)
    mkdirSync(dir)
    git(dir, 'init', '-q')
    write(dir, files)
    if (Object.keys(files).length > 0) {
      git(dir, 'add', '-A')
      git(dir, 'commit', '-qm', 'first')
    }
    return dir
  }

  const stored: Stored[] = []
  const known = async (id: string) => stored.filter(({ facts }) => facts.repository === id).flatMap(({ facts }) => facts.tips)
  const put = (file: string, facts: BundleFacts): Stored => {
    const bytes = readFileSync(file)
    const entry = { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length, facts }
    copyFileSync(file, join(dirs.store, entry.sha256))
    stored.push(entry)
    return entry
  }
  const get = async (sha256: string) => join(dirs.store, sha256)
  const ref = ({ sha256, bytes }: Stored) => ({ sha256, bytes, url: `/v1/bundles/${sha256}` })

  const snap = (path: string, more: Partial<TakeSnapshot> = {}) => takeSnapshot({ path, tmpDir: dirs.tmp, env, ...more })
  const send = (snapshot: Snapshot) =>
    ship({ snapshot, known, tmpDir: dirs.tmp, env, upload: async (_sha256, file, _bytes, facts) => void put(file, facts) })
  /** A machine takes the snapshot. `more` overrides what was asked for. */
  const arrive = async (
    snapshot: Snapshot,
    more: Partial<DispatchInput> = {},
    checkpoint?: Spec['checkpoint'],
    workspace?: string,
  ): Promise<Arrived> => {
    const session = `s-${[...randomBytes(10)].map((byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte % 32]).join('')}`
    const workDir = join(workspace ?? join(dirs.sessions, session), 'work')
    const request = Dispatch.parse({ task: 'x', agent: 'shell', repository: snapshot.source, ...more })
    const spec: Spec = {
      request,
      bundles: chainOf(stored, snapshot.source.commit).map(ref),
      branch: `remote/${session}`,
      ...(checkpoint && { checkpoint }),
      ...(workspace !== undefined && { workspace }),
    }
    const { branch, base } = await checkout({ spec, cacheDir: dirs.cache, workDir, fetchBundle: ({ sha256 }) => get(sha256) })
    return { workDir, branch, base, snapshot, spec }
  }
  const roundTrip = async (path: string, more: Partial<TakeSnapshot> = {}): Promise<Arrived> => {
    const snapshot = await snap(path, more)
    await send(snapshot)
    return arrive(snapshot)
  }
  /** What the runner does at the end; the bundle is stored as it would be uploaded. */
  const collect = async ({ workDir, base, branch, snapshot }: Arrived, title = 'the task'): Promise<Collected> => {
    const collected = await collectResult({ workDir, base, branch, sessionTitle: title })
    if (collected.bundleFile !== undefined && collected.facts !== undefined)
      put(collected.bundleFile, { repository: snapshot.source.id, ...collected.facts })
    return collected
  }
  const close = () => rmSync(root, { recursive: true, force: true })
  return { root, dirs, env, git, write, repository, stored, known, put, get, ref, snap, send, arrive, roundTrip, collect, close }
}
export type GitWorld = ReturnType<typeof openGitWorld>

/** Path (bytes as latin1) → what is there: mode bits git keeps, and the content. Empty directories are nothing to git. */
export const listing = (dir: string, skip: (path: string) => boolean = () => false): Record<string, string> => {
  const found: Record<string, string> = {}
  const walk = (at: Buffer, prefix: string) => {
    for (const entry of readdirSync(at, { encoding: 'buffer' })) {
      const name = entry.toString('latin1')
      const path = `${prefix}${name}`
      if (name === '.git' || skip(path)) continue
      const full = Buffer.concat([at, Buffer.from('/'), entry])
      const stat = lstatSync(full)
      if (stat.isDirectory()) walk(full, `${path}/`)
      else if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(full, 'latin1')}`
      else if (stat.isFile())
        found[path] = `${stat.mode & 0o100 ? 'x' : '-'} ${createHash('sha256').update(readFileSync(full)).digest('hex')}`
    }
  }
  walk(Buffer.from(dir), '')
  return found
}

/** Everything of a repository that a snapshot must leave as it is. */
export const untouchables = (world: GitWorld, dir: string): unknown => {
  const gitDir = world.git(dir, 'rev-parse', '--absolute-git-dir').trim()
  const common = resolve(dir, world.git(dir, 'rev-parse', '--git-common-dir').trim())
  const files: Record<string, string> = {}
  const walk = (at: string) => {
    for (const name of readdirSync(at)) {
      const full = join(at, name)
      const stat = lstatSync(full)
      if (stat.isDirectory()) walk(full)
      else if (stat.isFile()) files[full] = createHash('sha256').update(readFileSync(full)).digest('hex')
    }
  }
  for (const place of new Set([gitDir, common])) walk(place)
  return { files, work: listing(dir) }
}
