import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { isProgram } from '../is-program.ts'

/** An executable of that name in a PATH, with links resolved. */
export const onPath = (name: string, path: string): string | undefined => {
  const found = path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isProgram)
  return found === undefined ? undefined : realpathSync(found)
}

/** The npm beside our own Node, else the one on PATH; run by our Node when it is a script, so that versions fit. */
const npmCommand = (path: string): { command: string; args: string[] } | undefined => {
  const own = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')
  const npm = existsSync(own) ? own : onPath('npm', path)
  if (npm === undefined) return undefined
  return npm.endsWith('.js') ? { command: process.execPath, args: [npm] } : { command: npm, args: [] }
}

const FLAGS = ['--no-audit', '--no-fund', '--no-update-notifier', '--omit=dev', '--ignore-scripts', '--loglevel=error']
const MAX_SAID_CHARACTERS = 2000

/** Installs `packageSpec` below `folder`. Undefined when it worked, else what npm said last. Its scripts are not run. */
export const npmInstall = async (
  packageSpec: string,
  folder: string,
  path: string,
  deadlineMs: number,
): Promise<string | undefined> => {
  const npm = npmCommand(path)
  if (!npm) return 'npm was not found'
  const args = [...npm.args, 'install', '--prefix', folder, ...FLAGS, packageSpec]
  const child = spawn(npm.command, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID_CHARACTERS)
  })
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(undefined)
      const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.includes('complete log'))
      resolve(
        signal
          ? `npm did not finish within ${Math.round(deadlineMs / 1000)} s`
          : lines.slice(0, 3).join(' ') || `npm ended with ${code}`,
      )
    })
  })
}
