import { open, truncate } from 'node:fs/promises'
import { isMissing } from '../adapters/read-json.ts'
import { writeAtomically } from '../adapters/write-atomically.ts'
import { RETENTION } from './retention.ts'

/**
 * Moves a long log to `.old`, the end of it. Copied and cut instead of renamed: the daemon's own output goes to this very file, at its
 * end.
 */
export const trimDaemonLog = async (file: string): Promise<void> => {
  const log = await open(file, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (!log) return
  try {
    const { size } = await log.stat()
    if (size <= RETENTION.logBytes) return
    const end = Buffer.alloc(RETENTION.logBytes)
    const { bytesRead } = await log.read(end, 0, end.length, size - end.length)
    await writeAtomically(`${file}.old`, end.subarray(0, bytesRead))
    await truncate(file, 0)
  } finally {
    await log.close()
  }
}
