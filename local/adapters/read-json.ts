import { readFile } from 'node:fs/promises'
import { RemoteError } from '../../core/contract/remote-error.ts'

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

/** Undefined when there is no such file; `corrupt` when it holds something else than JSON. */
export const readJson = async <T>(file: string, parse: (value: unknown) => T): Promise<T | undefined> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    return parse(JSON.parse(text))
  } catch {
    // The cause is left out: a parser's message may quote the content, which may be secret.
    throw new RemoteError('corrupt', `${file} cannot be read`, { hint: 'restore it from a backup, or move it away' })
  }
}
