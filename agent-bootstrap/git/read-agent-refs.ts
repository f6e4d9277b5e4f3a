import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const MAX_BYTES = 4 * 1024 * 1024
const OID = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** Only plain files, reached without symbolic links, and not endless. */
const plainText = async (dir: string, path: string): Promise<string | undefined> => {
  let place = dir
  for (const part of path.split('/')) {
    place = join(place, part)
    const stat = await lstat(place).catch(() => undefined)
    if (stat === undefined || stat.isSymbolicLink()) return undefined
    if (stat.isFile() && stat.size > MAX_BYTES) return undefined
    if (!stat.isFile() && !stat.isDirectory()) return undefined
  }
  return readFile(place, 'utf8').catch(() => undefined)
}

const isRefName = (name: string): boolean =>
  name.startsWith('refs/') && !name.split('/').some((part) => part === '' || part === '.' || part === '..')

const readRef = async (gitDir: string, name: string): Promise<string | undefined> => {
  if (!isRefName(name)) return undefined
  const loose = (await plainText(gitDir, name))?.trim()
  if (loose !== undefined && OID.test(loose)) return loose
  const packed = (await plainText(gitDir, 'packed-refs')) ?? ''
  const line = packed.split('\n').find((one) => one.endsWith(` ${name}`))
  const oid = line?.split(' ')[0] ?? ''
  return OID.test(oid) ? oid : undefined
}

/**
 * Where the agent left HEAD and the session's branch, read without git: the directory is the agent's, and git would obey its
 * configuration. Undefined when there is nothing sound to read.
 */
export const readAgentRefs = async (
  workDir: string,
  branch: string,
): Promise<{ head: string | undefined; branch: string | undefined }> => {
  const gitDir = join(workDir, '.git')
  const stat = await lstat(gitDir).catch(() => undefined)
  if (!stat?.isDirectory()) return { head: undefined, branch: undefined }
  const text = (await plainText(gitDir, 'HEAD'))?.trim() ?? ''
  const head = text.startsWith('ref: ') ? await readRef(gitDir, text.slice(5)) : OID.test(text) ? text : undefined
  return { head, branch: await readRef(gitDir, `refs/heads/${branch}`) }
}
