import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunSpec } from '../core/contract/runner.ts'
import { runSetup, type SetupFailure, type SetupOptions } from './setup.ts'
import { keepSetup, madePaths, restoreSetup } from './setup-cache.ts'
import { setupKey } from './setup-key.ts'

type Options = Omit<SetupOptions, 'commands' | 'cwd'> & { spec: RunSpec; workDir: string; cwd: string; dataDir: string }

/** Architectures that a workspace may have been on before. */
const OTHERS: Readonly<Record<string, string>> = { x64: 'arm64', arm64: 'x64' }

/**
 * The project's [setup]: run, or its kept result put in place. Kept is what the commands made beside the repository's files;
 * without `inputs` nothing says when that is outdated, and without a repository nothing says what it is, so both run each time.
 */
export const cachedSetup = async (options: Options): Promise<SetupFailure | undefined> => {
  const { spec, workDir, dataDir, emit } = options
  const { setup, repository } = spec.request
  if (!setup || setup.commands.length === 0) return undefined
  const run = () => runSetup({ ...options, commands: setup.commands })
  if (!repository || setup.inputs.length === 0) return run()
  const store = join(dataDir, 'setup', repository.id)
  const key = await setupKey(setup, workDir)
  if (await restoreSetup(options, store, key)) {
    await emit({ type: 'notice', level: 'info', text: 'setup: kept result of an earlier session' })
    return undefined
  }
  const other = OTHERS[process.arch]
  if (other !== undefined && existsSync(join(store, await setupKey(setup, workDir, other)))) {
    const text = `setup: the kept result was made on ${other} and this machine is ${process.arch}: it is made anew`
    await emit({ type: 'notice', level: 'info', text })
  }
  const isFresh = (await madePaths(workDir)).size === 0
  const failure = await run()
  // Where something was left by a session before, or by a runner that was killed in the middle, nobody knows all that the commands make.
  if (failure || !isFresh) return failure
  await keepSetup(options, store, key, [...(await madePaths(workDir))]).catch((error: unknown) =>
    emit({
      type: 'notice',
      level: 'warn',
      text: `setup: the result could not be kept: ${error instanceof Error ? error.message : error}`,
    }),
  )
  return undefined
}
