import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gitEnvironment, gitFailed, quietArgs } from './git.ts'

export type Bundle = { sha256: string; file: string; bytes: number }
type Ask = {
  cwd: string
  tips: readonly string[]
  /** Commits whose history the receiver has. */
  needs: readonly string[]
  objectsDir: string | undefined
  sha256: boolean
  /** Must not exist yet. */
  file: string
  env?: NodeJS.ProcessEnv | undefined
  /** Spend time on a smaller bundle: worth it over a slow line, not to a directory on this machine. */
  compress: boolean
  /** The shallow list as a file, when there is one. */
  shallowFile?: string | undefined
}

const header = ({ tips, needs, sha256 }: Ask): string => {
  const version = sha256 ? '# v3 git bundle\n@object-format=sha256\n' : '# v2 git bundle\n'
  const lines = [...needs.map((commit) => `-${commit} \n`), ...tips.map((commit) => `${commit} refs/tips/${commit}\n`)]
  return `${version}${lines.join('')}\n`
}

/** No new deltas: what the repository has packed already is sent as it is. */
const FAST = ['--window=0', '--compression=1']

/**
 * A git bundle made by one `git pack-objects`: `git bundle` takes only refs, and starts a second process.
 * The hash is computed as the bytes pass.
 */
export const writeBundle = async (ask: Ask): Promise<Bundle> => {
  const args = ['pack-objects', '--revs', '--stdout', '--thin', '--delta-base-offset', '-q', ...(ask.compress ? [] : FAST)]
  const set: Record<string, string> = {}
  if (ask.objectsDir !== undefined) set['GIT_OBJECT_DIRECTORY'] = ask.objectsDir
  if (ask.shallowFile !== undefined) set['GIT_SHALLOW_FILE'] = ask.shallowFile
  const child = spawn('git', quietArgs(args), {
    cwd: ask.cwd,
    env: gitEnvironment(ask.env, set),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 3_600_000,
  })
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  child.stdin.on('error', () => child.stdin.destroy()) // its exit code says why
  child.stdin.end([...ask.tips, ...ask.needs.map((commit) => `^${commit}`), ''].join('\n'))

  const hash = createHash('sha256')
  const start = Buffer.from(header(ask))
  let bytes = start.length
  hash.update(start)
  const through = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  through.push(start)
  const [code] = await Promise.all([
    ended,
    pipeline(child.stdout, through, createWriteStream(ask.file, { mode: 0o600, flags: 'wx' })),
  ])
  if (code !== 0) throw gitFailed(args, code, Buffer.concat(said).toString('utf8'))
  return { sha256: hash.digest('hex'), file: ask.file, bytes }
}
