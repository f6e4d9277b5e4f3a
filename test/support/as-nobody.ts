import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export const NOBODY = 65_534
const CHECKOUT = resolve(import.meta.dirname, '../..')
const TIMEOUT_MS = 20_000
/** Home directories are often closed to others: the checkout is shown to that user at another place, which nobody else sees. */
const ELSEWHERE = `mount --bind "$1" "$2" && cd / && shift 2 && exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`
const env = { PATH: process.env['PATH'] ?? '' }

const runIn = (checkout: string, before: readonly string[], module: string, code: string, args: readonly string[]) => {
  const inside = relative(CHECKOUT, process.execPath)
  const node = inside.startsWith('..') ? process.execPath : join(checkout, inside)
  const whole = `import * as it from ${JSON.stringify(pathToFileURL(join(checkout, module)).href)}; ${code}`
  const [command = node, ...rest] = [...before, node, '--input-type=module', '-e', whole, ...args]
  execFileSync(command, rest, { stdio: 'pipe', timeout: TIMEOUT_MS, env })
}

/**
 * Runs code with what a module of ours (its path in the checkout) exports as `it`; where root runs the tests, as a user without any rights,
 * because root is refused nothing. Throws with what it said when it fails.
 */
export const runAsNobody = (module: string, code: string, ...args: string[]): void => {
  if (process.getuid?.() !== 0) {
    runIn(CHECKOUT, [], module, code, args)
    return
  }
  const place = mkdtempSync(join(tmpdir(), 'remote-nobody-'))
  try {
    chmodSync(place, 0o755)
    runIn(place, ['unshare', '--mount', 'sh', '-c', ELSEWHERE, 'sh', CHECKOUT, place], module, code, args)
  } finally {
    rmdirSync(place)
  }
}
