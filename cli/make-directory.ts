import { RemoteError } from '../core/contract/remote-error.ts'

const fs = process.getBuiltinModule('node:fs')
const path = process.getBuiltinModule('node:path')

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)

const made = (dir: string) => {
  try {
    fs.mkdirSync(dir, 0o700)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

const makeAll = (dir: string): void => {
  if (fs.existsSync(dir)) return
  const parent = path.dirname(dir)
  if (parent !== dir) makeAll(parent)
  made(dir)
}

/**
 * Makes a directory of ours and those above it, level by level: node's own `recursive` never ends where a directory is there and
 * none can be made in it (/proc).
 */
export const makeDirectory = (dir: string): void => {
  let cause: unknown
  try {
    makeAll(dir)
    if (fs.statSync(dir).isDirectory()) return
  } catch (error) {
    cause = error
  }
  const why = cause === undefined ? 'something else is there' : (codeOf(cause) ?? 'it cannot be read')
  throw new RemoteError('refused', `the directory ${dir} cannot be made (${why})`, {
    hint: 'set REMOTE_HOME to a directory that you can write to',
    cause,
  })
}

/** Whether it is there, or could be made. For what is only faster with it. */
export const canMakeDirectory = (dir: string): boolean => {
  try {
    makeDirectory(dir)
    return true
  } catch {
    return false // whoever needs it says so
  }
}
