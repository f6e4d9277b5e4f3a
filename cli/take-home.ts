import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'
import type { Session } from '../core/contract/session.ts'
import type { Connection } from './connect.ts'
import { type BroughtHome, bringHome } from './git/bring-home.ts'
import { type Io, write } from './io.ts'
import { printable } from './output/printable.ts'
import type { Pulled } from './output/receipt.ts'
import { pushBranch } from './push-branch.ts'
import { takeCommand } from './take-command.ts'
import { withTemporary } from './with-temporary.ts'

/** Hands out a directory for a while, and a way to fetch bundles into it. */
export const withDownloads = <T>(
  { io, connection, isPatient = false }: { io: Io; connection: Connection; isPatient?: boolean },
  use: (download: (sha256: string) => Promise<string>, dir: string) => Promise<T>,
): Promise<T> => {
  const fetchInto = (dir: string) => async (sha256: string) => {
    const file = join(dir, sha256)
    await writeFile(file, await connection.bytes(`/v1/bundles/${sha256}`), { mode: 0o600 })
    return file
  }
  return withTemporary(io, (dir) => use(fetchInto(dir), dir), { isPatient })
}

export type TakeHome = { io: Io; connection: Connection; session: Session; repositoryDir: string; push: boolean; quiet: boolean }

/** The result as a branch of the repository; throws when that cannot be. */
export const pullResult = ({ io, connection, session, repositoryDir }: Omit<TakeHome, 'push' | 'quiet'>): Promise<BroughtHome> =>
  withDownloads({ io, connection }, (download) => bringHome({ repositoryDir, session, download, env: io.env }))

/** After a session: brings home what it changed, if anything. A failure is said and does not change how the session ended. */
export const takeHome = async ({ push, quiet, ...ask }: TakeHome): Promise<Pulled | undefined> => {
  const { result, id } = ask.session
  if (!result || result.commit === result.base) return undefined
  let pulled: Pulled | undefined
  try {
    const home = await pullResult(ask)
    pulled = { branch: home.branch, take: takeCommand(ask.session, home, ask.io.cwd) }
    if (push) await pushBranch(ask.io, ask.repositoryDir, home.branch)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    const what = pulled ? '' : 'the result is not here yet: '
    if (!quiet)
      await write(
        ask.io.stderr,
        `remote: ${what}${printable(error.message)}\n  ${printable(error.hint ?? '')}\n  try again: remote pull ${id}${push ? ' --push' : ''}\n`,
      )
  }
  return pulled
}
