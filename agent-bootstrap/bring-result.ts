import type { Result } from '../core/contract/outcome.ts'
import type { RunSpec } from '../core/contract/runner.ts'
import type { ControlPlane } from './control-plane-client.ts'
import { around } from './failpoints.ts'
import { collectResult } from './git/result.ts'

export type Checkout = { branch: string; base: string }

const MAX_TITLE_CHARACTERS = 100
const MAX_FAILURE_CHARACTERS = 1000
/** Committing and bundling what an agent left. */
const COLLECT_MS = 600_000
/** When somebody asked for the end a second time. */
const HURRIED_COLLECT_MS = 30_000

export type BringResultOptions = {
  plane: Pick<ControlPlane, 'putBundle'>
  spec: RunSpec
  workDir: string
  checkout: Checkout
  redacted(text: string): string
  notice(text: string): void
  /** Resolves when there is no time any more. */
  hurried: Promise<void>
}

const within = async <T>(work: Promise<T>, hurried: Promise<void>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const fail = () => late.reject(new Error('it takes too long'))
  const timers = [setTimeout(fail, COLLECT_MS)]
  void hurried.then(() => timers.push(setTimeout(fail, HURRIED_COLLECT_MS)))
  try {
    return await Promise.race([work, late.promise])
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** What was brought home, or in words why it was not. */
export type Brought = { result?: Result; failure?: string }

/** Commits what is uncommitted, and uploads the commits since the checkout. */
export const bringResult = async (options: BringResultOptions): Promise<Brought> => {
  const { plane, spec, workDir, checkout, redacted, notice, hurried } = options
  const { repository, task } = spec.request
  if (!repository) return {}
  const sessionTitle = redacted(task.split('\n', 1)[0] ?? '').slice(0, MAX_TITLE_CHARACTERS)
  try {
    const collecting = around('collect result', () => collectResult({ workDir, ...checkout, sessionTitle }))
    const { result, bundleFile, facts, notices } = await within(collecting, hurried)
    for (const text of notices) notice(text)
    if (bundleFile !== undefined && result.bundle !== undefined && facts)
      await plane.putBundle(bundleFile, result.bundle, { repository: repository.id, ...facts })
    return { result }
  } catch (error) {
    // A machine whose log stays on it stays itself.
    const where = spec.log.kind === 'spool' ? ` The files are kept in ${workDir}.` : ''
    const said = error instanceof Error ? error.message : String(error)
    const failure = `The result could not be saved: ${said.replace(/\.?$/, '.').slice(0, MAX_FAILURE_CHARACTERS)}${where}`
    notice(failure)
    return { failure }
  }
}
