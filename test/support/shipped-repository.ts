import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ship } from '../../cli/git/ship.ts'
import { takeSnapshot } from '../../cli/git/snapshot.ts'
import type { RepositorySource } from '../../core/contract/dispatch.ts'
import type { Result } from '../../core/contract/outcome.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import type { World } from './world.ts'

const run = promisify(execFile)
const ENV = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

type Bundle = { sha256: string; bytes: Buffer; facts: BundleFacts }

const transfer = (world: World, method: string, sha256: string, headers: Record<string, string> = {}, body?: Buffer) =>
  new Promise<Buffer>((resolve, reject) => {
    const sent = request(
      { socketPath: world.paths.socket, method, path: `/v1/bundles/${sha256}`, agent: false, headers },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks)
          if ((answer.statusCode ?? 500) < 300) resolve(bytes)
          else reject(new Error(`${method} of a bundle was answered with ${answer.statusCode}: ${bytes}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })

type Snapshot = { source: RepositorySource; bundle: Bundle }

/** The working tree as it is, bundled by the CLI's own code. */
const take = async (dir: string): Promise<Snapshot> => {
  const tmpDir = mkdtempSync(join(tmpdir(), 'remote-snapshot-'))
  const snapshot = await takeSnapshot({ path: dir, tmpDir, env: ENV })
  let bundle: Bundle | undefined
  const upload = async (sha256: string, file: string, _size: number, facts: BundleFacts) => {
    bundle = { sha256, facts, bytes: await readFile(file) }
  }
  await ship({ snapshot, known: async () => [], upload, tmpDir, env: ENV })
  rmSync(tmpDir, { recursive: true })
  if (!bundle) throw new Error('there was nothing to send')
  return { source: snapshot.source, bundle }
}

/** A repository with uncommitted changes, to be sent to many worlds. */
export class ShippedRepository {
  readonly dir: string
  #snapshot: Snapshot

  private constructor(dir: string, snapshot: Snapshot) {
    this.dir = dir
    this.#snapshot = snapshot
  }

  static async make(): Promise<ShippedRepository> {
    const dir = mkdtempSync(join(tmpdir(), 'remote-shipped-'))
    const git = (...args: string[]) => run('git', args, { cwd: dir, env: ENV })
    mkdirSync(join(dir, 'src'))
    writeFileSync(join(dir, 'src/a.txt'), 'one\n')
    writeFileSync(join(dir, 'lock'), '1\n')
    writeFileSync(join(dir, '.gitignore'), 'made\n')
    await git('init', '-q', '-b', 'main')
    await git('add', '-A')
    await git('commit', '-qm', 'first')
    writeFileSync(join(dir, 'src/a.txt'), 'one\nuncommitted\n')
    writeFileSync(join(dir, 'untracked.txt'), 'untracked\n')
    return new ShippedRepository(dir, await take(dir))
  }

  get source(): RepositorySource {
    return this.#snapshot.source
  }

  /** The same repository after its user went on. */
  async later(files: Record<string, string>): Promise<ShippedRepository> {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.dir, name), content)
    return new ShippedRepository(this.dir, await take(this.dir))
  }

  async send(world: World): Promise<void> {
    const { sha256, bytes, facts } = this.#snapshot.bundle
    const headers = {
      'content-length': String(bytes.length),
      'x-remote-repository': facts.repository,
      'x-remote-tips': facts.tips.join(','),
      'x-remote-needs': facts.needs.join(','),
    }
    await transfer(world, 'PUT', sha256, headers, bytes)
  }

  /** Fetches the result's branch as `pull` would, and answers its files with their content, its parents and what it starts at. */
  async bringHome(world: World, result: Result | undefined): Promise<{ files: Record<string, string>; parents: string[] }> {
    if (result?.bundle === undefined) throw new Error(`there is no result: ${JSON.stringify(result)}`)
    const file = join(world.dir, 'result.bundle')
    writeFileSync(file, await transfer(world, 'GET', result.bundle))
    const git = async (...args: string[]) => (await run('git', args, { cwd: this.dir, env: ENV })).stdout
    // The snapshot's commit is no branch of the user's; the bundle needs HEAD alone.
    await git('fetch', '-q', '--no-write-fetch-head', file, `refs/heads/${result.branch}:refs/heads/${result.branch}`)
    const log = (await git('log', '-1', '--format=%H %P', `refs/heads/${result.branch}`)).trim().split(' ')
    if (log[0] !== result.commit) throw new Error(`the branch is at ${log[0]}, and should be at ${result.commit}`)
    const names = (await git('diff', '--name-only', '--no-renames', result.base, result.commit)).trim().split('\n')
    const files: Record<string, string> = {}
    for (const name of names) files[name] = await git('show', `${result.commit}:${name}`)
    return { files, parents: log.slice(1) }
  }

  close() {
    rmSync(this.dir, { recursive: true, force: true })
  }
}
