import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { readJson } from './read-json.ts'
import { writeAtomically } from './write-atomically.ts'

/**
 * Who is the machine of an attempt. The runner creates the file with O_EXCL as its first act, so there is one at most;
 * `gone` fences the attempt: no runner can claim it any more.
 */
const Claim = z.object({ pid: z.int().optional(), startTime: z.string().optional(), gone: z.boolean().optional() })
export type Claim = z.infer<typeof Claim>

const claimName = (attempt: number): string => `attempt-${attempt}.json`

export const readClaim = async (dir: string, attempt: number): Promise<Claim | undefined> =>
  readJson(join(dir, claimName(attempt)), (value) => Claim.parse(value)).catch((error: unknown) => {
    // An empty or torn claim is a runner that died within its first act, or is still writing: it names no process.
    if (error instanceof RemoteError && error.code === 'corrupt') return {}
    throw error
  })

/** After this no runner can start for the attempt. Keeps who it was. */
export const fence = async (dir: string, attempt: number): Promise<void> => {
  const file = join(dir, claimName(attempt))
  try {
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(JSON.stringify({ gone: true }))
    await handle.close()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const claim = await readClaim(dir, attempt)
    if (!claim?.gone) await writeAtomically(file, JSON.stringify({ ...claim, gone: true }))
  }
}
