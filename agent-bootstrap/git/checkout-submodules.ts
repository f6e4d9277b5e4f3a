import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeGitDir } from './make-git-dir.ts'
import { sealedGit } from './sealed-git.ts'

type Ask = { workDir: string; gitDir: string; cache: string; shallow: readonly string[] }

/** Fills the submodules whose commits travelled along; the others stay empty directories, as they were at the user's. */
export const checkOutSubmodules = async ({ workDir, gitDir, cache, shallow }: Ask): Promise<void> => {
  const { stdout } = await sealedGit(['ls-files', '-s', '-z'], { gitDir, workTree: workDir })
  const entries = stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry.startsWith('160000 '))
  for (const entry of entries) {
    const tab = entry.indexOf('\t')
    const [commit = '', place] = [entry.slice(7, tab).split(' ')[0], join(workDir, entry.slice(tab + 1))]
    if (!existsSync(join(cache, 'refs', 'tips', commit))) continue
    const own = join(place, '.git')
    if (existsSync(join(own, 'index'))) continue // of a workspace's session before: git writes it after the files
    await rm(own, { recursive: true, force: true }) // a crash cut it off, or an agent made it: never taken over
    await mkdir(place, { recursive: true })
    await makeGitDir({
      dir: own,
      alternates: [join(cache, 'objects')],
      sha256: commit.length === 64,
      shallow,
      bare: false,
      head: { commit },
      branches: {},
    })
    await sealedGit(['read-tree', '-u', '--reset', commit], { gitDir: own, workTree: place })
    if (existsSync(join(place, '.gitmodules'))) await checkOutSubmodules({ workDir: place, gitDir: own, cache, shallow })
  }
}
