import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

const REQUIREMENTS = new URL('requirements.txt', import.meta.url).pathname
/** What the rehearsals ask of Python: AWS on loopback (moto) and a reader of CloudFormation. */
const TRIES: [string, string[]][] = [
  ['python3', ['-c', 'import moto.server, flask, flask_cors']],
  ['cfn-lint', ['--version']],
]

const isThere = () => TRIES.every(([command, args]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0)
const say = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0

/**
 * Python's tools of requirements.txt, first on this process's PATH: the machine's own where it has them, else installed once into
 * the user's cache. False where that cannot be done.
 */
export const preparePythonTools = (): boolean => {
  if (isThere()) return true
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const home = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'remote-tests', `python-${version}`)
  const use = () => {
    process.env['PATH'] = [join(home, 'bin'), process.env['PATH']].join(delimiter)
    return isThere()
  }
  if (use()) return true
  console.log('installing for the tests: moto and cfn-lint, into a Python environment of their own')
  rmSync(home, { recursive: true, force: true })
  return (
    say('python3', '-m', 'venv', home) && say(join(home, 'bin', 'pip'), 'install', '--quiet', '-r', REQUIREMENTS) && isThere()
  )
}
