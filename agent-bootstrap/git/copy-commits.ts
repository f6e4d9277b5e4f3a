import { sealedGit, spawnSealed } from './sealed-git.ts'

type Ask = {
  from: string
  /** Where else `from` finds objects. */
  objects?: string | undefined
  to: string
  commits: readonly string[]
  /** Commits that `to` has. */
  have: readonly string[]
}

/**
 * Copies commits from one git directory to another. `index-pack --strict` computes every id anew and refuses malformed objects, and the
 * walk afterwards refuses holes. False when they cannot be had.
 */
export const copyCommits = async ({ from, objects, to, commits, have }: Ask): Promise<boolean> => {
  const input = [...commits, ...have.map((commit) => `^${commit}`), ''].join('\n')
  const pack = spawnSealed(['pack-objects', '--revs', '--stdout', '--thin', '--delta-base-offset', '-q'], {
    gitDir: from,
    set: objects === undefined ? undefined : { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(objects) },
  })
  const packed = new Promise<boolean>((resolve) => {
    pack.on('error', () => resolve(false))
    pack.on('close', (code) => resolve(code === 0))
  })
  pack.stderr.resume()
  pack.stdin.on('error', () => pack.stdin.destroy()) // its exit code says why
  pack.stdin.end(input)
  const refused = { allow: [1, 128] }
  const indexed = await sealedGit(['index-pack', '--stdin', '--fix-thin', '--strict'], {
    gitDir: to,
    input: pack.stdout,
    ...refused,
  })
  if (!(await packed) || indexed.code !== 0) return false
  return (await sealedGit(['rev-list', '--objects', '--quiet', '--stdin'], { gitDir: to, input, ...refused })).code === 0
}
