import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'

/** Where everything of one user lives on this machine. All absolute. */
export type Paths = {
  data: string
  state: string
  cache: string
  config: string
  /** SQLite: sessions, inbox, bundles and workspaces. */
  database: string
  /** Held by the running daemon: it protects the data, so it lies beside it and not beside the socket. */
  lock: string
  bundles: string
  workspaces: string
  secrets: string
  /** Secret values of single sessions. */
  kept: string
  sessions: string
  /** Bare repositories that checkouts use as alternates. */
  repositories: string
  daemonLog: string
  /** Directory of the socket; 0700 and ours, or nobody connects. */
  run: string
  socket: string
}

/** `sun_path` holds 108 bytes on Linux, 104 on macOS, including the final zero. */
const MAX_SOCKET_BYTES = 100

const homeOfAccount = (): string => {
  try {
    return userInfo().homedir
  } catch (cause) {
    throw new RemoteError('usage', 'there is no home directory: HOME is not set, and this user has no account', {
      hint: 'set HOME, or REMOTE_HOME to a directory that you can write to',
      cause,
    })
  }
}

const bases = (env: NodeJS.ProcessEnv) => {
  const own = env['REMOTE_HOME']
  if (own) {
    // The daemon does not stand where its starter stands.
    if (!isAbsolute(own)) {
      throw new RemoteError('usage', `REMOTE_HOME is not an absolute path: ${own.slice(0, 100)}`, {
        hint: 'for example: export REMOTE_HOME="$HOME/remote"',
      })
    }
    const at = (name: string) => join(own, name)
    return { data: at('data'), state: at('state'), cache: at('cache'), config: at('config'), run: at('run') }
  }
  // As XDG says, one that is not absolute counts as none.
  const absolute = (name: string) => (isAbsolute(env[name] ?? '') ? env[name] : undefined)
  const home = absolute('HOME') ?? homeOfAccount()
  const xdg = (name: string, ...fallback: string[]) => join(absolute(name) ?? join(home, ...fallback), 'remote')
  const data = xdg('XDG_DATA_HOME', '.local', 'share')
  return {
    data,
    state: xdg('XDG_STATE_HOME', '.local', 'state'),
    cache: xdg('XDG_CACHE_HOME', '.cache'),
    config: xdg('XDG_CONFIG_HOME', '.config'),
    run: join(data, 'run'),
  }
}

/**
 * Whoever has the same data finds the same daemon: the place follows from the data's alone, and not from what a login, a cron job and an SSH session
 * each say of temporary and runtime directories.
 */
const socketOf = (run: string): { run: string; socket: string } => {
  const socket = join(run, 'remote.sock')
  if (Buffer.byteLength(socket) <= MAX_SOCKET_BYTES) return { run, socket }
  // Few need it, and everybody who asks the daemon something would wait for its loading.
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 16)
  const short = join('/tmp', `remote-${process.getuid?.() ?? userInfo().username}-${hash}`)
  return { run: short, socket: join(short, 's') }
}

/** `REMOTE_HOME` holds everything when set; else the XDG directories do. Reads nothing but the environment. */
export const paths = (env: NodeJS.ProcessEnv): Paths => {
  const { data, state, cache, config, run } = bases(env)
  return {
    data,
    state,
    cache,
    config,
    database: join(data, 'remote.db'),
    lock: join(data, 'daemon.lock'),
    bundles: join(data, 'bundles'),
    workspaces: join(data, 'workspaces'),
    secrets: join(data, 'secrets.json'),
    kept: join(data, 'kept'),
    sessions: join(data, 'sessions'),
    repositories: join(cache, 'repositories'),
    daemonLog: join(state, 'daemon.log'),
    ...socketOf(run),
  }
}
