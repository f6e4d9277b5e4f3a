import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { type BringHome, resultOf } from './bring-home.ts'
import { git, gitEnvironment } from './git.ts'
import { importResult } from './import-result.ts'
import { locateRepository, OWN_REPOSITORY } from './locate-repository.ts'
import { openObjects } from './stage-working-tree.ts'

export type ShowDiff = BringHome & {
  tmpDir: string
  /** Further arguments of `git diff`: `--stat`, `--name-only`, paths after `--`. */
  args?: readonly string[] | undefined
  /** Where to print; `inherit` lets git use the terminal's colours and the user's pager. */
  output: 'inherit' | NodeJS.WritableStream
}

/** As `git apply` takes it, whatever the user's own settings make of a diff that is looked at. */
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--submodule=short', '--src-prefix=a/', '--dst-prefix=b/']

/** Prints what the session changed. The objects are put beside the repository, so that looking leaves nothing in it. */
export const showDiff = async (ask: ShowDiff): Promise<void> => {
  const { repositoryDir, session, env } = ask
  const { base, commit, bundle } = resultOf(session)
  if (base === commit) return
  const repository = await locateRepository(repositoryDir, env, OWN_REPOSITORY)
  const dir = await mkdtemp(join(ask.tmpDir, 'diff-'))
  try {
    const set: Record<string, string> = {}
    if (bundle !== undefined) {
      set['GIT_OBJECT_DIRECTORY'] = await openObjects(dir, [join(repository.commonDir, 'objects')])
      await importResult({ repositoryDir, commit, bundle: { file: await ask.download(bundle), sha256: bundle }, env, set })
    }
    const how = ask.output === 'inherit' ? [] : [...PLAIN, ...(ask.args?.length ? [] : ['--binary'])]
    await print(ask, ['diff', ...how, base, commit, ...(ask.args ?? [])], set)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** As a shell tells of SIGPIPE. */
const LEFT_EARLY = 141

const print = async (
  { repositoryDir, env, output }: ShowDiff,
  args: readonly string[],
  set: Record<string, string>,
): Promise<void> => {
  if (output !== 'inherit') {
    const { stdout } = await git(args, { cwd: repositoryDir, env, set })
    output.write(stdout)
    return
  }
  const child = spawn('git', args, { cwd: repositoryDir, env: gitEnvironment(env, set), stdio: 'inherit' })
  // A pager that was left early ends git by a signal: that is no failure.
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === null || code === 0 || code === LEFT_EARLY) resolve()
      else reject(new RemoteError('repository', `git diff failed (${code})`, { hint: 'what git said stands above' }))
    })
  })
}
