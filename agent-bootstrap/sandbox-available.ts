import { execFile } from 'node:child_process'
import { ownProgram } from './own-programs.ts'

/** What the platform gives, and why not more. Asked once per process. */
export type Isolation = { ok: boolean; why: string }
/** Something that is to be done below `dir` anyway: where the isolation works, it is done inside, and no other process is started for it. */
export type Errand = { dir: string; command: string; args: readonly string[] }

const PROBE_MS = 5000

/** The mounts and namespaces a session needs, tried for real: that bwrap is installed says nothing about what the kernel allows. */
const BWRAP_PROBE = '--unshare-user --unshare-pid --die-with-parent --ro-bind / / --dev /dev --proc /proc --cap-drop ALL'.split(
  ' ',
)

const succeeds = (command: string, args: string[]): Promise<Isolation> =>
  new Promise((resolve) => {
    execFile(ownProgram(command), args, { timeout: PROBE_MS }, (error, _, said) => {
      if (!error) return resolve({ ok: true, why: `${command} works` })
      if (error.code === 'ENOENT') return resolve({ ok: false, why: `${command} is not installed` })
      const last = said.trim().split('\n').at(-1)
      resolve({ ok: false, why: `${command}: ${last || `exit ${error.code ?? error.signal}`}` })
    })
  })

/** An errand that fails says nothing about the isolation: that is then tried alone. */
const tried = async (
  inside: (errand: Errand) => Promise<Isolation>,
  alone: () => Promise<Isolation>,
  errand: Errand | undefined,
): Promise<Isolation> => {
  const together = errand && (await inside(errand))
  return together?.ok ? together : alone()
}

const probeSandbox = async (errand: Errand | undefined): Promise<Isolation> => {
  if (process.platform === 'darwin')
    return succeeds('/usr/bin/sandbox-exec', ['-p', '(version 1)(allow default)', '/usr/bin/true'])
  if (process.platform !== 'linux') return { ok: false, why: `there is no sandbox for ${process.platform}` }
  const inside = ({ dir, command, args }: Errand) =>
    succeeds('bwrap', [...BWRAP_PROBE, '--bind', dir, dir, '--', command, ...args])
  const bwrap = await tried(inside, () => succeeds('bwrap', [...BWRAP_PROBE, '--', 'true']), errand)
  return bwrap.ok ? { ok: true, why: 'bubblewrap' } : bwrap
}

let sandbox: Promise<Isolation> | undefined
/** Can a session's files be fenced in here? `why` names the mechanism, or what is missing. The errand of whoever asks first may be done. */
export const sandboxAvailable = (errand?: Errand): Promise<Isolation> => {
  sandbox ??= probeSandbox(errand)
  return sandbox
}

/**
 * A PID namespace that ends with its starter. As root no user namespace is made: everything root may do stays possible. The
 * inner shell is PID 1 so that the command is not: a PID 1 ignores every signal it has no handler for.
 */
export const inPidNamespace = (command: string, args: readonly string[]): { command: string; args: string[] } => {
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-current-user']
  const unshare = [
    ownProgram('unshare'),
    ...user,
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
    '/bin/sh',
    '-c',
    // What it says itself when the command is killed must not mix with what the command says.
    'exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit $?',
    'sh',
  ]
  return { command: ownProgram('setpriv'), args: ['--pdeathsig', 'KILL', ...unshare, command, ...args] }
}

const probePidNamespace = async (errand: Errand | undefined): Promise<Isolation> => {
  if (process.platform !== 'linux') return { ok: false, why: `${process.platform} has no PID namespaces` }
  const run = (program: string, given: readonly string[]) => {
    const { command, args } = inPidNamespace(program, given)
    return succeeds(command, args)
  }
  return tried(
    ({ command, args }) => run(command, args),
    () => run('true', []),
    errand,
  )
}

let pidNamespace: Promise<Isolation> | undefined
/** Can a command's processes be made to end with it, even those that left its process group? As to errands: see above. */
export const pidNamespaceAvailable = (errand?: Errand): Promise<Isolation> => {
  pidNamespace ??= probePidNamespace(errand)
  return pidNamespace
}
