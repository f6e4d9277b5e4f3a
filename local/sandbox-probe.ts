import { execFile } from 'node:child_process'

const PROBE_MS = 5000
/** What the runner will do for a session, tried for real: an installed bwrap says nothing about what the kernel allows. */
const BWRAP = '--unshare-user --unshare-pid --die-with-parent --ro-bind / / --dev /dev --proc /proc --cap-drop ALL -- true'.split(
  ' ',
)
const SEATBELT = ['-p', '(version 1)(allow default)', '/usr/bin/true']

const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: PROBE_MS }, (error) => resolve(error === null))
  })

/** Whether sessions can be confined on this machine: it decides what an agent may do unasked. */
export const canSandbox = (): Promise<boolean> => {
  if (process.platform === 'linux') return succeeds('bwrap', BWRAP)
  return process.platform === 'darwin' ? succeeds('/usr/bin/sandbox-exec', SEATBELT) : Promise.resolve(false)
}
