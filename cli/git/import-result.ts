import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type BundleHeader, readBundle } from '../../core/contract/bundle-header.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { git } from './git.ts'

export type ResultBundle = { file: string; sha256: string }
type Ask = {
  repositoryDir: string
  commit: string
  bundle: ResultBundle
  env?: NodeJS.ProcessEnv | undefined
  set?: Record<string, string> | undefined
}

const damaged = (what: string): RemoteError =>
  new RemoteError('repository', `the result's bundle is damaged: ${what}`, {
    hint: 'try again; `remote logs` still has what the session printed',
  })

const verify = async ({ file, sha256 }: ResultBundle): Promise<BundleHeader> => {
  const hash = createHash('sha256')
  const header = await readBundle(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash)
  if (hash.digest('hex') !== sha256) throw damaged('its SHA-256 is not the recorded one')
  if ('broken' in header) throw damaged(header.broken)
  return header
}

/** Which of these commits are not in the repository. */
const missing = async ({ repositoryDir, env, set }: Ask, commits: readonly string[]): Promise<string[]> => {
  if (commits.length === 0) return []
  const { stdout } = await git(['cat-file', '--batch-check'], { cwd: repositoryDir, env, set, input: `${commits.join('\n')}\n` })
  return stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line.endsWith(' missing'))
    .map((line) => line.slice(0, -8))
}

/**
 * Adds the result's objects. They come from a machine on which an agent could do anything, so git computes every id anew and refuses
 * malformed objects (`--strict`), and the walk afterwards proves that nothing is missing.
 */
export const importResult = async (ask: Ask): Promise<void> => {
  const { repositoryDir, commit, bundle, env, set } = ask
  const { needs, packOffset } = await verify(bundle)
  const [absent] = await missing(ask, needs)
  if (absent !== undefined) {
    throw new RemoteError('repository', `this repository lacks commit ${absent.slice(0, 12)}, on which the session began`, {
      hint: 'go to the repository from which it was dispatched, or fetch that commit first',
    })
  }
  const call = { cwd: repositoryDir, env, set }
  await git(['index-pack', '--stdin', '--fix-thin', '--strict'], {
    ...call,
    input: createReadStream(bundle.file, { start: packOffset }),
  })
  await git(['rev-list', '--objects', '--quiet', '--stdin'], {
    ...call,
    input: [commit, ...needs.map((need) => `^${need}`), ''].join('\n'),
  })
}
