import { ERRORS, RemoteError } from '../../core/contract/remote-error.ts'
import { type Io, write } from '../io.ts'
import { printable } from './printable.ts'
import { styleOf } from './style.ts'

const storyOf = async (io: Io, error: unknown, id: string): Promise<string> => {
  const { appendFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const [{ pathsOf }, { makeDirectory }] = await Promise.all([import('../connect.ts'), import('../make-directory.ts')])
  const { state } = pathsOf(io.env)
  const file = join(state, 'cli.log')
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error)
  makeDirectory(state)
  await appendFile(file, `${new Date().toISOString()} ${id} ${story}\n`, { mode: 0o600 })
  return file
}

const OF_PLACES: Record<string, string> = {
  EACCES: 'may not be used',
  EPERM: 'may not be used',
  ENOTDIR: 'is not in a directory',
  EROFS: 'is on a disk that cannot be written to',
  ENOSPC: 'is on a disk that is full',
  EDQUOT: 'is on a disk of which you may use no more',
  ENOENT: 'is not there',
}

/** A file or directory that is not as we need it: the user's to mend. */
const placeRefusal = (error: unknown): RemoteError | undefined => {
  if (!(error instanceof Error && 'code' in error)) return undefined
  const path = 'path' in error ? error.path : undefined
  // Writing is done without a name.
  if (path === undefined && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
    return new RemoteError('refused', `a disk is full (${error.code})`, {
      hint: 'free some space and try again: df -h',
      cause: error,
    })
  const what = OF_PLACES[String(error.code)]
  if (what === undefined || typeof path !== 'string') return undefined
  const hint = 'see to that place; REMOTE_HOME says where remote keeps everything'
  return new RemoteError('refused', `${path} ${what} (${error.code})`, { hint, cause: error })
}

const asRefusal = async (io: Io, error: unknown): Promise<RemoteError> => {
  if (error instanceof RemoteError) return error
  const refusal = placeRefusal(error)
  if (refusal) return refusal
  const id = `bug-${crypto.randomUUID().slice(0, 8)}`
  const place = await storyOf(io, error, id).catch(() => undefined)
  const hint = place ? `its story is in ${place} under ${id}` : undefined
  return new RemoteError('bug', `something unforeseen went wrong: ${error instanceof Error ? error.message : String(error)}`, {
    hint,
  })
}

/** Says what went wrong and what to do next, on stderr; answers the exit code. */
export const sayError = async (io: Io, error: unknown, asJson: boolean): Promise<number> => {
  const { code, message, hint } = await asRefusal(io, error)
  const style = styleOf(io.stderr, io.env)
  const words = `${style.red('remote:')} ${printable(message)}\n${hint ? `${style.dim(`  ${printable(hint)}`)}\n` : ''}`
  await write(io.stderr, asJson ? `${JSON.stringify({ code, message, ...(hint ? { hint } : {}) })}\n` : words)
  return ERRORS[code].exit
}
