import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { AGENT_CATALOGUE } from '../agents/agent-catalogue.ts'

const PACK_MS = 60_000

/** What an agent remembers, of all that its private directory holds. A login and a lock are no memory, and a link may lead anywhere. */
const memoryOf = async (privateDir: string): Promise<string[]> => {
  const logins = new Set(Object.values(AGENT_CATALOGUE).map(({ configFolder, login }) => join(configFolder, login)))
  const folders = Object.values(AGENT_CATALOGUE).map(({ configFolder }) => join(privateDir, configFolder))
  const found = await Promise.all(
    folders.filter(existsSync).map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
  )
  return found
    .flat()
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => relative(privateDir, join(entry.parentPath, entry.name)))
    .filter((path) => !logins.has(path))
}

/** Writes the agent's memory as an archive. Answers its SHA-256; undefined when there is none. */
export const packAgentFiles = async (privateDir: string, file: string): Promise<string | undefined> => {
  const names = await memoryOf(privateDir)
  if (names.length === 0) return undefined
  const tar = spawn(
    'tar',
    ['--create', '--file=-', '--no-recursion', '--ignore-failed-read', '-C', privateDir, '--null', '--files-from=-'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: PACK_MS,
    },
  )
  const ended = new Promise<void>((resolve, reject) => {
    tar.on('error', reject)
    // 1: a file changed meanwhile. It is a checkpoint; what is there counts.
    tar.on('exit', (code) => (code === 0 || code === 1 ? resolve() : reject(new Error(`tar ended with ${code}`))))
  })
  tar.stdin.on('error', () => undefined) // it has ended, and says why by its code
  tar.stdin.end(names.join('\0'))
  await Promise.all([pipeline(tar.stdout, createGzip({ level: 1 }), createWriteStream(file, { mode: 0o600 })), ended])
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export const unpackAgentFiles = async (file: string, privateDir: string): Promise<void> => {
  await mkdir(privateDir, { recursive: true, mode: 0o700 })
  const rights = ['--no-same-owner', '--no-same-permissions']
  await promisify(execFile)('tar', ['--extract', '--gzip', ...rights, '-f', file, '-C', privateDir], { timeout: PACK_MS })
}
