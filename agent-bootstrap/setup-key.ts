import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Setup } from '../core/contract/dispatch.ts'
import { RemoteError } from '../core/contract/remote-error.ts'

const MAX_INPUT_BYTES = 256 * 1024 * 1024
/** How results are kept: one that was kept in another way is not found. */
const FORM = 'tar'

const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

const refused = (input: string, why: string) =>
  new RemoteError('refused', `the input "${input}" of [setup] ${why}`, {
    hint: 'name files of the repository, such as its lock file',
  })

/** The repository says what is read, and the runner reads it outside the sandbox: its own files alone, and none that never end. */
const hashOf = async (workDir: string, input: string): Promise<string> => {
  const path = await realpath(join(workDir, input))
  if (!path.startsWith((await realpath(workDir)) + sep)) throw refused(input, 'is not in the repository')
  // Without waiting: a FIFO opens when somebody writes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const facts = await file.stat()
    if (facts.isDirectory()) throw refused(input, 'is a directory')
    if (!facts.isFile()) throw refused(input, 'is not a plain file')
    if (facts.size > MAX_INPUT_BYTES) throw refused(input, `is larger than ${MAX_INPUT_BYTES >> 20} MB`)
    const hash = createHash('sha256')
    for await (const chunk of file.createReadStream({ autoClose: false, end: MAX_INPUT_BYTES })) hash.update(chunk as Buffer)
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}

/** Names the result of the commands: it is another one when they, their inputs' content or the platform are. Throws `refused`. */
export const setupKey = async (setup: Setup, workDir: string, architecture: string = process.arch): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify([FORM, process.platform, architecture, setup.commands]))
  for (const input of [...setup.inputs].sort()) {
    const content = await hashOf(workDir, input).catch((error: unknown) => {
      if (isMissing(error)) return 'absent'
      throw error
    })
    hash.update(JSON.stringify([input, content]))
  }
  return hash.digest('hex')
}
