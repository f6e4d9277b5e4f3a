import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { RemoteError } from '../core/contract/remote-error.ts'

/** Beside the daemon's bundle, beside its chunks, or the sources of a checkout. */
const CANDIDATES = ['./runner.js', '../runner.js', '../agent-bootstrap/main.ts']

/** A log that passes through at full speed is garbage at once: collected often, 15 MB of it less lie about at no cost in speed. */
const FLAGS = ['--max-semi-space-size=1']

/** Program and first arguments that start a runner. */
export const runnerCommand = (): readonly string[] => {
  const files = CANDIDATES.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const file = files.find((path) => existsSync(path))
  if (file === undefined) throw new RemoteError('bug', 'the runner is missing', { hint: 'install remote again' })
  return [process.execPath, ...FLAGS, file]
}

/** Variables of the daemon's environment that a runner gets. What matters to a task was captured at its dispatch. */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR|XDG_[A-Z_]+|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE|REMOTE_RUNNER_[A-Z_]+)$/

export const runnerEnvironment = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && PASSED.test(name) ? [[name, value]] : [])),
  )
