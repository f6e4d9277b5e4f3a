import { existsSync, realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** The places of a session, absolute. */
export type SandboxPlaces = {
  sessionDir: string
  workDir: string
  privateDir: string
  cacheDir: string
  /** Id of the session's repository: of what the cache holds of repositories, that one's alone is readable. */
  repository?: string | undefined
  dataDir: string
  /** The control plane's socket, when it is one. */
  socket?: string | undefined
  home: string
  /** Besides: readable although what holds it is hidden. */
  readable?: readonly string[] | undefined
  /** Besides: writable. */
  writable?: readonly string[] | undefined
}

/** What a session may not read: keys, logins and histories of the person whose machine it is. Below the home directory. */
const PRIVATE_IN_HOME = [
  ...['.ssh', '.aws', '.azure', '.kube', '.gnupg', '.password-store', '.pki', '.oci', '.databrickscfg', '.terraform.d'],
  ...['.netrc', '.git-credentials', '.pgpass', '.my.cnf', '.vault-token', '.docker/config.json', '.config/containers/auth.json'],
  // Logins to package registries: a session that needs one gets it as a secret.
  ...['.npmrc', '.pypirc', '.gem/credentials', '.local/share/gem/credentials', '.cargo/credentials', '.cargo/credentials.toml'],
  ...['.m2/settings.xml', '.m2/settings-security.xml'],
  // The screen's sockets cannot be hidden (abstract ones have no path), but the keys to them can.
  ...['.Xauthority', '.ICEauthority'],
  ...[
    '.config/gh',
    '.config/hub',
    '.config/glab-cli',
    '.config/gcloud',
    '.config/git/credentials',
    '.config/op',
    '.config/doctl',
  ],
  ...['.config/rclone', '.config/sops', '.config/1Password', '.1password', '.config/Bitwarden', '.config/keepassxc'],
  ...['.local/share/keyrings', '.local/share/kwalletd', '.kde/share/apps/kwallet'],
  ...['.mozilla', '.thunderbird', '.config/google-chrome', '.config/chromium', '.config/BraveSoftware', '.config/microsoft-edge'],
  ...['.config/vivaldi', '.config/opera', 'snap/firefox', 'snap/chromium', '.var/app'],
  ...['.claude', '.claude.json', '.codex', '.gemini'],
  ...['.bash_history', '.zsh_history', '.local/share/fish', '.python_history', '.node_repl_history', '.psql_history'],
  ...[
    'Library/Keychains',
    'Library/Cookies',
    'Library/Safari',
    'Library/Mail',
    'Library/Messages',
    'Library/Application Support/Firefox',
  ],
  ...['Library/Application Support/Google/Chrome', 'Library/Application Support/BraveSoftware', 'Library/Group Containers'],
  ...['Library/Application Support/1Password', 'Library/Application Support/com.apple.TCC'],
]

/**
 * Sockets in /run lead out of any sandbox (docker, D-Bus and the keyrings behind it, systemd), so all of it is hidden but for
 * what name resolution and NixOS need. /tmp and /var/tmp become the session's own.
 */
const HIDDEN_ON_LINUX = [
  '/run',
  '/tmp',
  '/var/tmp',
  '/root/.ssh',
  '/etc/shadow',
  '/etc/gshadow',
  '/etc/sudoers',
  '/etc/sudoers.d',
]
const READABLE_ON_LINUX = [
  ...['/run/systemd/resolve', '/run/NetworkManager', '/run/resolvconf', '/run/nscd'],
  ...['/run/current-system', '/run/booted-system', '/run/opengl-driver'],
]

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path)
const unique = (paths: readonly string[]): string[] => [...new Set(paths.filter((path) => existsSync(path)).map(real))]

/** The daemon's log. Beside the data below REMOTE_HOME, else where XDG says. */
const stateDir = ({ dataDir, home }: SandboxPlaces): string =>
  basename(dataDir) === 'data'
    ? join(dirname(dataDir), 'state')
    : join(process.env['XDG_STATE_HOME'] || join(home, '.local/state'), 'remote')

/** The session's, and the person's: which of them `HOME` says is the session's affair, and changes nothing about whose keys these are. */
const homesOf = ({ home }: SandboxPlaces): string[] => {
  const homes = [home, process.env['HOME']]
  try {
    homes.push(userInfo().homedir)
  } catch {
    // A uid without an account.
  }
  return [...new Set(homes.filter((one) => one?.startsWith('/')))] as string[]
}

/** Of the private places, those that the person keeps elsewhere than below the home directory. */
const movedByXdg = (): string[] =>
  [
    ['.config/', 'XDG_CONFIG_HOME'],
    ['.local/share/', 'XDG_DATA_HOME'],
  ].flatMap(([prefix = '', variable = '']) => {
    const base = process.env[variable]
    if (!base?.startsWith('/')) return []
    return PRIVATE_IN_HOME.flatMap((name) => (name.startsWith(prefix) ? [join(base, name.slice(prefix.length))] : []))
  })

/** Where tools of all sessions keep what they download. The user's own caches are not written: other programs trust them. */
export const toolCache = (cacheDir: string): string => join(cacheDir, 'tools')

export type SandboxPolicy = { hidden: string[]; readable: string[]; writable: string[] }

/** What is not hidden can be read; nothing but `writable` can be written. Paths are real ones, and exist. */
export const sandboxPolicy = (places: SandboxPlaces): SandboxPolicy => ({
  hidden: unique([
    ...homesOf(places).flatMap((home) => PRIVATE_IN_HOME.map((name) => join(home, name))),
    ...movedByXdg(),
    ...(process.platform === 'linux' ? HIDDEN_ON_LINUX : []),
    places.dataDir,
    stateDir(places),
    places.cacheDir,
    dirname(places.sessionDir),
    ...(places.socket === undefined ? [] : [dirname(places.socket)]),
  ]),
  readable: unique([
    ...(process.platform === 'linux' ? READABLE_ON_LINUX : []),
    join(places.dataDir, 'agents'),
    ...(places.repository === undefined ? [] : [join(places.cacheDir, 'repositories', `${places.repository}.git`)]),
    // Agents run on this very program, which may lie in a place that is hidden otherwise (a checkout below /tmp).
    process.execPath,
    ...(places.readable ?? []),
  ]),
  writable: unique([places.workDir, places.privateDir, toolCache(places.cacheDir), ...(places.writable ?? [])]),
})
