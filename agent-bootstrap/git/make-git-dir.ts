import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type GitDirFacts = {
  dir: string
  /** Object directories to borrow from. */
  alternates: readonly string[]
  sha256: boolean
  shallow: readonly string[]
  bare: boolean
  /** A branch name, or the commit of a detached HEAD. */
  head: { branch: string } | { commit: string }
  /** Branch → commit. */
  branches: Readonly<Record<string, string>>
  /** Ignore rules beside those in the files. */
  ignore?: string | undefined
  /** Further lines of the configuration. */
  config?: string | undefined
}

export const quoteConfig = (value: string): string =>
  `"${value.replace(/\0/g, '').replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`

const configOf = ({ sha256, bare, config }: GitDirFacts): string => {
  const core = [`repositoryformatversion = ${sha256 ? 1 : 0}`, 'filemode = true', `bare = ${bare}`, `logallrefupdates = ${!bare}`]
  if (process.platform === 'darwin') core.push('ignorecase = true', 'precomposeunicode = true')
  return `[core]\n\t${core.join('\n\t')}\n${sha256 ? '[extensions]\n\tobjectformat = sha256\n' : ''}${config ?? ''}`
}

/** A quoted line may hold any path. */
export const alternatesLine = (objectsDir: string): string =>
  `${/["\\\n]/.test(objectsDir) ? JSON.stringify(objectsDir) : objectsDir}\n`

/** A git directory is a handful of small files: writing them is ten times faster than `git init` or `git clone --shared`. */
export const makeGitDir = async (facts: GitDirFacts): Promise<void> => {
  const { dir, alternates, shallow, head, branches, ignore } = facts
  await Promise.all(
    ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info'].map((name) =>
      mkdir(join(dir, name), { recursive: true }),
    ),
  )
  const write = (name: string, text: string) => writeFile(join(dir, name), text)
  await Promise.all([
    write('config', configOf(facts)),
    write('HEAD', 'branch' in head ? `ref: refs/heads/${head.branch}\n` : `${head.commit}\n`),
    alternates.length === 0 ? undefined : write('objects/info/alternates', alternates.map(alternatesLine).join('')),
    ignore === undefined ? undefined : write('info/exclude', ignore),
    shallow.length === 0 ? undefined : write('shallow', `${shallow.join('\n')}\n`),
    ...Object.entries(branches).map(([name, commit]) => writeRef(dir, name, commit)),
  ])
}

/** `name` is below refs/heads. */
export const writeRef = async (dir: string, name: string, commit: string): Promise<void> => {
  const file = join(dir, 'refs', 'heads', name)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `${commit}\n`)
}
