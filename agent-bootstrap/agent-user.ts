import { execFile } from 'node:child_process'
import { chmodSync, chownSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { RemoteError } from '../core/contract/remote-error.ts'
import type { Confine } from './agents/driver.ts'
import { ownProgram } from './own-programs.ts'
import { inPidNamespace } from './sandbox-available.ts'

type User = { name: string; uid: number; gid: number; home: string; shell: string }

const run = promisify(execFile)
const HAND_OVER_MS = 300_000
const OPEN = ['-exec', 'chmod', '--recursive', 'a+rX', '{}', '+']

/** A user of this machine, by its name. Throws `bug` when there is none. */
export const lookUpUser = (name: string): User => {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid, , home = '/', shell = '/bin/sh'] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new RemoteError('bug', `this machine has no user ${name} for agents`, { hint: 'its boot did not finish' })
  return { name, uid: Number(uid), gid: Number(gid), home, shell }
}

/** Where the machine's boot lets this user's containers be asked for. */
const containersOf = (name: string): Record<string, string> => {
  const socket = `/run/remote-containers/${name}/docker.sock`
  return existsSync(socket) ? { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: `unix://${socket}` } : {}
}

export type AgentPlaces = { sessionDir: string; workDir: string; privateDir: string; cacheDir: string; dataDir: string }

/**
 * On a machine of our own the fence is a user of the session's own without rights, in a PID namespace: it may do what it likes with the
 * machine but act as it, or as another session. `privateDir` is given to it again before each command: what we wrote there meanwhile is the agent's as well.
 */
export const asAgentUser = (name: string, places: AgentPlaces): Confine => {
  const user = lookUpUser(name)
  const owner = `${user.uid}:${user.gid}`
  // Its processes may be there: this follows no link, whatever they put in its way.
  const give = (path: string) => run('chown', ['--recursive', '--no-dereference', owner, path], { timeout: HAND_OVER_MS })
  // Before there are any: what is the agent's already stays untouched, so that git need not read it again.
  const giveRest = (path: string) =>
    run('find', [path, '!', '-user', String(user.uid), '-exec', 'chown', '-h', owner, '{}', '+'], { timeout: HAND_OVER_MS })
  const openUp = async () => {
    // Other agents of this machine have users of their own.
    chownSync(places.sessionDir, process.getuid?.() ?? 0, user.gid)
    chmodSync(places.sessionDir, 0o710)
    // Beside the session's directory in a workspace.
    if (dirname(places.workDir) !== places.sessionDir) chmodSync(dirname(places.workDir), 0o711)
    // What the checkout borrows its objects from, and the agents that are installed. An image that brings them has them open;
    // what is being installed beside us is still hidden.
    for (const shared of [join(places.cacheDir, 'repositories'), join(places.dataDir, 'agents')])
      if (existsSync(shared)) await run('find', [shared, '-maxdepth', '1', '!', '-name', '.*', '!', '-perm', '-005', ...OPEN])
  }
  let checkout: Promise<unknown> | undefined
  const rights = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--inh-caps=-all', '--bounding-set=-all']
  // Memory it uses up is taken from it, not from the runner.
  const first = ['-n', '0', '--', ownProgram('setpriv'), ...rights, '--no-new-privs', '--']
  return async (command, args, env) => {
    checkout ??= giveRest(places.workDir)
    await Promise.all([checkout, give(places.privateDir), openUp()])
    const { home, shell } = user
    return {
      ...inPidNamespace(ownProgram('choom'), [...first, command, ...args]),
      env: { ...env, ...containersOf(name), HOME: home, USER: name, LOGNAME: name, SHELL: shell },
      own: (terminal) => chownSync(terminal, user.uid, user.gid),
    }
  }
}
