import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import { git } from './git.ts'
import type { Snapshot } from './snapshot.ts'
import { writeBundle } from './write-bundle.ts'

/** `percent` of the bundle that is on the other side, 0 to 100. */
export type ShipProgress = { bytes: number; totalBytes: number; percent: number }

export type Ship = {
  snapshot: Snapshot
  /** `GET /v1/repositories/:id`: commits the other side has. */
  known(id: string): Promise<readonly string[]>
  /** `PUT /v1/bundles/:sha256`; calls `onBytes` with what was sent so far. */
  upload(sha256: string, file: string, bytes: number, facts: BundleFacts, onBytes: (sent: number) => void): Promise<void>
  tmpDir: string
  env?: NodeJS.ProcessEnv | undefined
  /** Where the other side is far away. Default: no. */
  compress?: boolean | undefined
  onProgress?: ((progress: ShipProgress) => void) | undefined
}
export type Shipped = { bytes: number; sha256?: string }

/** Limits of BundleFacts, and of what is worth saying. */
const MAX_TIPS = 64
const MAX_NEEDS = 8

/** Commits that this repository has too, of those the other side has. */
const present = async (ask: Ship, known: readonly string[]): Promise<string[]> => {
  if (known.length === 0) return []
  const { repositoryDir, objectsDir } = ask.snapshot
  const set = objectsDir === undefined ? undefined : { GIT_OBJECT_DIRECTORY: objectsDir }
  const input = `${known.join('\n')}\n`
  // 128: a partial clone may not ask its server now; what was answered until then holds.
  const { stdout } = await git(['cat-file', '--batch-check=%(objecttype) %(objectname)'], {
    cwd: repositoryDir,
    env: ask.env,
    set,
    input,
    allow: [128],
  })
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line.startsWith('commit '))
    .map((line) => line.slice(7))
}

const shared = async (ask: Ship, known: readonly string[], wanted: readonly string[]): Promise<string[]> => {
  const { commit, head } = ask.snapshot.source
  const direct = wanted.filter((want) => want !== commit && known.includes(want))
  // With HEAD over there, older commits save nothing.
  if (head !== undefined && direct.includes(head)) return direct
  const others = await present(
    ask,
    known.filter((one) => one !== commit && !direct.includes(one)),
  )
  return [...direct, ...others.slice(0, MAX_NEEDS)]
}

/**
 * Sends one bundle with what the other side lacks; nothing when it lacks nothing. The bundle's tips are the snapshot, its HEAD (so
 * that the next snapshot need not carry the history again) and the submodules.
 */
export const ship = async (ask: Ship): Promise<Shipped> => {
  const { source, repositoryDir, submodules, objectsDir, sha256 } = ask.snapshot
  const known = await ask.known(source.id)
  if ([source.commit, ...submodules].every((commit) => known.includes(commit))) return { bytes: 0 }

  const wanted = [...new Set([source.commit, ...(source.head === undefined ? [] : [source.head]), ...submodules])]
  const needs = await shared(ask, known, wanted)
  const tips = wanted.filter((commit) => !needs.includes(commit))
  if (tips.length > MAX_TIPS) {
    throw new RemoteError('repository', `${submodules.length} submodules are more than one bundle can carry`, {
      hint: 'deinitialise those the session does not need',
    })
  }
  const dir = await mkdtemp(join(ask.tmpDir, 'ship-'))
  try {
    const shallowFile = await writeShallow(dir, source.shallow)
    const bundle = await writeBundle({
      cwd: repositoryDir,
      tips,
      needs,
      shallowFile,
      compress: ask.compress ?? false,
      objectsDir,
      sha256,
      file: join(dir, 'bundle'),
      env: ask.env,
    })
    const report = (sent: number) =>
      ask.onProgress?.({ bytes: sent, totalBytes: bundle.bytes, percent: Math.floor((100 * sent) / bundle.bytes) })
    await ask.upload(bundle.sha256, bundle.file, bundle.bytes, { repository: source.id, tips, needs }, report)
    return { bytes: bundle.bytes, sha256: bundle.sha256 }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Made by the snapshot's list, not the repository's: submodules and partial clones cut history at further places. */
const writeShallow = async (dir: string, shallow: readonly string[] | undefined): Promise<string | undefined> => {
  if (shallow === undefined || shallow.length === 0) return undefined
  const file = join(dir, 'shallow')
  await writeFile(file, `${shallow.join('\n')}\n`)
  return file
}
