import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleHeader } from '../../core/contract/bundle-header.ts'
import type { RepositorySource } from '../../core/contract/dispatch.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { RunSpec } from '../../core/contract/runner.ts'
import { makeGitDir } from './make-git-dir.ts'
import { lineOf, sealedGit } from './sealed-git.ts'
import { verifyBundle } from './verify-bundle.ts'

export type BundleRef = RunSpec['bundles'][number]
/** Answers a local file with the bundle's bytes; it is only read. */
export type FetchBundle = (bundle: BundleRef) => Promise<string>

/**
 * The machine's bare repository for one repository id. No lock is needed: packs and refs are only ever added, each under the name of
 * its content and by a rename, so several sessions may bring the same bundle at once, and a killed one leaves nothing half done.
 */
export const openRepositoryCache = async (cacheDir: string, source: RepositorySource): Promise<string> => {
  const repositories = join(cacheDir, 'repositories')
  const dir = join(repositories, `${source.id}.git`)
  if (!existsSync(dir)) {
    // Snapshots hold what is not committed, too: nobody else's to read.
    await mkdir(repositories, { recursive: true, mode: 0o700 })
    await chmod(repositories, 0o700)
    const draft = `${dir}.${randomBytes(6).toString('hex')}.new`
    const sha256 = source.commit.length === 64
    await makeGitDir({
      dir: draft,
      alternates: [],
      sha256,
      shallow: source.shallow ?? [],
      bare: true,
      head: { branch: 'none' },
      branches: {},
    })
    await mkdir(join(draft, 'refs', 'tips'))
    await mkdir(join(draft, 'bundles'))
    await rename(draft, dir).catch(async (error: NodeJS.ErrnoException) => {
      await rm(draft, { recursive: true, force: true })
      if (!existsSync(dir)) throw error
    })
  }
  // One that is not used for long is removed.
  const now = new Date()
  await Promise.all([addShallow(dir, source.shallow ?? []), utimes(dir, now, now)])
  return dir
}

/** Before any bundle: a pack made in a shallow clone ends at these commits, and git must know it or take the history for broken. */
const addShallow = async (dir: string, wanted: readonly string[]): Promise<void> => {
  if (wanted.length === 0) return
  const file = join(dir, 'shallow')
  const has = (existsSync(file) ? await readFile(file, 'utf8') : '').split('\n').filter((line) => line !== '')
  if (wanted.every((commit) => has.includes(commit))) return
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`
  await writeFile(draft, `${[...new Set([...has, ...wanted])].join('\n')}\n`)
  await rename(draft, file)
}

const tipFile = (dir: string, commit: string): string => join(dir, 'refs', 'tips', commit)

/** A ref, so that git keeps what it needs; it also says that everything behind the commit is here. */
export const recordTip = async (dir: string, commit: string): Promise<void> => {
  const draft = `${tipFile(dir, commit)}.${randomBytes(6).toString('hex')}.lock`
  await writeFile(draft, `${commit}\n`)
  await rename(draft, tipFile(dir, commit))
}

/** Brings the bundles in, in order. What is here already is not asked for again. */
export const importBundles = async (dir: string, bundles: readonly BundleRef[], fetchBundle: FetchBundle): Promise<void> => {
  for (const bundle of bundles) {
    const marker = join(dir, 'bundles', bundle.sha256)
    if (existsSync(marker)) continue
    const file = await fetchBundle(bundle)
    const header = await verifyBundle(file, bundle.sha256)
    await importPack(dir, file, header)
    await Promise.all(header.tips.map((tip) => recordTip(dir, tip)))
    await writeFile(marker, '')
  }
  await gatherPacks(dir)
}

const MANY_PACKS = 32

/**
 * Each dispatch adds a pack, and git looks through all of them. Small ones are gathered without dropping an object; sessions that read
 * meanwhile find the new pack. A failure costs nothing but time.
 */
const gatherPacks = async (dir: string): Promise<void> => {
  const packs = (await readdir(join(dir, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'))
  if (packs.length <= MANY_PACKS) return
  await sealedGit(['repack', '--geometric=2', '-d', '-q'], { gitDir: dir, allow: [1, 128, 129] })
}

/** Behind a tip counts, too: work may have begun at a commit before the user's. */
const isHere = async (dir: string, commit: string): Promise<boolean> =>
  existsSync(tipFile(dir, commit)) ||
  lineOf(
    await sealedGit(['for-each-ref', '--count=1', `--contains=${commit}`, 'refs/tips'], { gitDir: dir, allow: [128, 129] }),
  ) !== ''

const importPack = async (dir: string, file: string, { tips, needs, packOffset }: BundleHeader): Promise<void> => {
  for (const missing of needs) {
    if (await isHere(dir, missing)) continue
    throw new RemoteError('repository', `a bundle builds on commit ${missing}, which this machine does not have`, {
      hint: 'dispatch again',
    })
  }
  // A pack that is whole in itself needs no second walk through all of its history.
  const proof = needs.length === 0 ? ['--check-self-contained-and-connected'] : []
  const pack = createReadStream(file, { start: packOffset })
  const indexed = await sealedGit(['index-pack', '--stdin', '--fix-thin', ...proof], {
    gitDir: dir,
    input: pack,
    allow: proof.length > 0 ? [1] : [],
  })
  if (proof.length > 0 && indexed.code === 0) return
  const input = [...tips, ...needs.map((commit) => `^${commit}`), ''].join('\n')
  await sealedGit(['rev-list', '--objects', '--quiet', '--stdin'], { gitDir: dir, input })
}
