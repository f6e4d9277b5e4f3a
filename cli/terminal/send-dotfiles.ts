import { copyFileSync, mkdirSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RepositorySource } from '../../core/contract/dispatch.ts'
import type { Connection } from '../connect.ts'
import { git } from '../git/git.ts'
import { ship } from '../git/ship.ts'
import { takeSnapshot } from '../git/snapshot.ts'
import { type Io, write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { withTemporary } from '../with-temporary.ts'
import { type Dotfile, pickDotfiles } from './dotfiles.ts'

/** The same files give the same commit, whoever makes it, whenever: what is over there already is not sent again. */
const NOBODY = {
  ...{ GIT_AUTHOR_NAME: 'remote', GIT_AUTHOR_EMAIL: 'remote', GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z' },
  ...{ GIT_COMMITTER_NAME: 'remote', GIT_COMMITTER_EMAIL: 'remote', GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z' },
  ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_ATTR_NOSYSTEM: '1', GIT_TEMPLATE_DIR: '' },
}

const commitFiles = async (dir: string, files: readonly Dotfile[], env: NodeJS.ProcessEnv) => {
  const run = (...args: string[]) => git(args, { cwd: dir, env, set: NOBODY })
  await run('init', '--quiet', '--initial-branch=dotfiles', '.')
  for (const { path, from, mode } of files) {
    const to = join(dir, path)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
    await chmod(to, mode)
  }
  await run('add', '--force', '--all', '.')
  await run('commit', '--quiet', '--no-verify', '--message=dotfiles')
}

export type SendDotfiles = { io: Io; connection: Connection; setting: string; quiet: boolean }

/** Sends the user's dotfiles the way a repository goes; undefined when there are none. */
export const sendDotfiles = async ({ io, connection, setting, quiet }: SendDotfiles): Promise<RepositorySource | undefined> => {
  const { files, missing } = pickDotfiles(setting, io.env['HOME'] ?? '/')
  if (missing.length > 0 && !quiet) await write(io.stderr, `remote: dotfiles: there is no ${oneLine(missing.join(', '))}\n`)
  if (files.length === 0) return undefined
  return withTemporary(io, async (tmpDir) => {
    const dir = join(tmpDir, 'dotfiles')
    mkdirSync(dir)
    const env = { ...io.env, ...NOBODY }
    await commitFiles(dir, files, env)
    const snapshot = await takeSnapshot({ path: dir, ref: 'HEAD', tmpDir, env: { ...env, REMOTE_FILTERED: 'stored' } })
    await ship({
      snapshot,
      known: async (id) => (await connection.get('/v1/repositories/:id', { param: { id } })).commits,
      upload: (sha256, file, bytes, facts, onBytes) => connection.sendBundle({ sha256, file, bytes, facts, onBytes }),
      ...{ tmpDir, env, compress: true },
    })
    return snapshot.source
  })
}
