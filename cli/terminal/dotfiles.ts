import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'

/** Keys and logins, wherever below the home directory: a machine that is bought gets what it needs as secrets. */
const SECRET_NAMES = new Set([
  ...[
    '.ssh',
    '.aws',
    '.azure',
    '.gnupg',
    '.kube',
    '.docker',
    '.netrc',
    '.git-credentials',
    '.npmrc',
    '.yarnrc',
    '.pypirc',
    '.pgpass',
  ],
  ...[
    '.my.cnf',
    '.vault-token',
    '.password-store',
    '.terraform.d',
    '.terraformrc',
    '.oci',
    '.databrickscfg',
    '.pki',
    '.s3cfg',
    '.boto',
  ],
  ...[
    '.claude',
    '.claude.json',
    '.codex',
    '.gemini',
    '.mozilla',
    '.thunderbird',
    '.cargo',
    '.m2',
    '.gem',
    'gh',
    'hub',
    'gcloud',
    'op',
  ],
  ...['rclone', 'sops', 'doctl', 'glab-cli', 'keyrings', 'keyring', '.Xauthority', '.ICEauthority'],
])
const SECRET_LOOKS = /credential|secret|token|password|passwd|_history$|\.(pem|key|p12|pfx|kdbx)$|^id_(rsa|dsa|ecdsa|ed25519)/i
const MOST_FILES = 1000
const MOST_BYTES = 5 * 1024 ** 2

/** `path`: below the home directory, as it will be there. */
export type Dotfile = { path: string; from: string; mode: number }
export type Dotfiles = { files: Dotfile[]; missing: string[] }

const refuse = (path: string, why: string) =>
  new RemoteError('refused', `dotfiles: ${path} ${why}`, { hint: 'see what is set: remote config get dotfiles' })

const isSecret = (path: string) => path.split(sep).find((part) => SECRET_NAMES.has(part) || SECRET_LOOKS.test(part))

/** The files that `setting` names, paths below `home` with commas between. Throws `refused` for what must not leave this computer. */
export const pickDotfiles = (setting: string, home: string): Dotfiles => {
  const root = realpathSync(home)
  const files: Dotfile[] = []
  const missing: string[] = []
  let bytes = 0

  const check = (path: string, shown: string) => {
    const inside = relative(root, path)
    if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) throw refuse(shown, 'is not below your home directory')
    const part = isSecret(inside)
    if (part !== undefined) throw refuse(shown, `may hold a key or a login (${part}), which does not leave this computer`)
  }

  const take = (path: string) => {
    const shown = relative(root, path)
    check(path, shown)
    // What a link leads to goes, so that is what is looked at.
    const from = realpathSync(path)
    if (from !== path) check(from, `${shown} (${from})`)
    const facts = statSync(from)
    if (facts.isDirectory()) {
      if (lstatSync(path).isSymbolicLink()) throw refuse(shown, 'is a link to a directory')
      for (const name of readdirSync(path).sort()) take(join(path, name))
      return
    }
    if (!facts.isFile()) throw refuse(shown, 'is no file')
    bytes += facts.size
    if (bytes > MOST_BYTES || files.length >= MOST_FILES) throw refuse(shown, 'makes them more than 5 MB or 1,000 files')
    files.push({ path: shown, from, mode: facts.mode & 0o111 ? 0o755 : 0o644 })
  }

  for (const named of setting.split(',').map((one) => one.trim())) {
    if (named === '') continue
    const path = resolve(root, named.replace(/^~\//, ''))
    check(path, named)
    if (existsSync(path)) take(path)
    else missing.push(named)
  }
  return { files, missing }
}
