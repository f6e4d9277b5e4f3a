import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'

/** Writes one object the way git does, and answers its id: a process less than `git hash-object -w`. */
export const writeLooseObject = async (objectsDir: string, type: 'commit', content: string, sha256: boolean): Promise<string> => {
  const body = Buffer.from(content, 'utf8')
  const bytes = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
  const oid = createHash(sha256 ? 'sha256' : 'sha1')
    .update(bytes)
    .digest('hex')
  const dir = join(objectsDir, oid.slice(0, 2))
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, oid.slice(2)), deflateSync(bytes))
  return oid
}
