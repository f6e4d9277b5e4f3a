import { ownProgram } from './own-programs.ts'
import type { SandboxPolicy } from './sandbox-policy.ts'

const onMacOS = () => import('@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js')
const onLinux = () => import('@anthropic-ai/sandbox-runtime/dist/sandbox/linux-sandbox-utils.js')

/** Takes a while; the first line needs it. */
export const loadSandboxLibrary = async (): Promise<void> => {
  await (process.platform === 'darwin' ? onMacOS() : onLinux())
}

/**
 * A shell line that runs `"$@"` fenced in. Made by the library's platform functions and not by its manager: that one always
 * starts proxies or cuts the network off, knows one policy per process, and loads five times the code.
 */
const line = async (policy: SandboxPolicy, shell: string): Promise<string> => {
  const readConfig = {
    denyOnly: [],
    literalDenyOnly: policy.hidden,
    allowWithinDeny: [],
    literalAllowWithinDeny: policy.readable,
  }
  const writeConfig = { allowOnly: [], literalAllowOnly: policy.writable, denyWithinAllow: [] }
  // The network stays as it is: agents need their API and registries, and loopback for the servers they test.
  const shared = {
    command: 'exec "$@"',
    needsNetworkRestriction: false,
    allowAllUnixSockets: true,
    allowGitConfig: true,
    binShell: shell,
    readConfig,
    writeConfig,
  }
  if (process.platform === 'darwin') {
    const { wrapCommandWithSandboxMacOS } = await onMacOS()
    return wrapCommandWithSandboxMacOS({ ...shared, allowPty: true, allowLocalBinding: true })
  }
  const { wrapCommandWithSandboxLinux } = await onLinux()
  // The library searches the current directory for editor and git settings to write-protect. Ours is a disposable checkout
  // whose hooks and settings nobody outside runs, so there is nothing to search for.
  return wrapCommandWithSandboxLinux({ ...shared, bwrapPath: ownProgram('bwrap'), ripgrepConfig: { command: 'true' } })
}

/** The library keeps commands from their caller's terminal. One that leads a terminal of its own would have no job control, no Ctrl-C. */
const NEW_SESSION = ' --new-session '

/** `/bin/sh` arguments that run a command inside; it is passed on word by word, never through quoting. */
export const sandboxShellArgs = async (policy: SandboxPolicy, isTerminal = false): Promise<string[]> => {
  const fenced = await line(policy, '/bin/sh')
  const led = isTerminal ? fenced.replace(NEW_SESSION, ' ') : fenced
  return ['-c', `exec ${led} sh "$@"`, 'sh']
}
