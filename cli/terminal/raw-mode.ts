import { spawnSync } from 'node:child_process'
import type { Input } from '../io.ts'

const HUNG_UP_EXIT = 129
const STTY_MS = 2000

/**
 * Every key goes through, Ctrl-C too, and what is printed is left as it is, until the answer is called. However this program ends, its
 * terminal is as it was: what ends it without a chance to say so (a hang-up, a bug) is heard here.
 */
export const rawMode = (stdin: Input): (() => void) => {
  if (stdin.isTTY !== true || !stdin.setRawMode) return () => undefined
  const restore = () => {
    process.off('exit', restore)
    process.off('SIGHUP', hangUp)
    stdin.setRawMode?.(false)
  }
  const hangUp = () => process.exit(HUNG_UP_EXIT)
  process.on('exit', restore)
  process.on('SIGHUP', hangUp)
  stdin.setRawMode(true)
  // Node's raw mode still puts a carriage return before each newline, which is not what a program that draws means.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: STTY_MS })
  return restore
}
