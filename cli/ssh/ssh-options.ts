/** How often ssh asks whether the other side is there, and how many times it may be silent. */
const ALIVE_SECONDS = 15
const ALIVE_COUNT = 3

export type Identity = {
  user: string
  /** Command line for the shell, of the program that carries the bytes. */
  proxy: string
  key: string
  knownHosts: string
}

/** One word of a shell's command line. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** ssh expands what follows a percent sign. */
export const literal = (text: string): string => text.replaceAll('%', '%%')

/** Settings of OpenSSH, by their names in ssh_config: nothing is trusted but the one host key, nothing is offered but the one key. */
export const sshOptions = ({ user, proxy, key, knownHosts }: Identity): readonly (readonly [name: string, value: string])[] => [
  ['User', user],
  ['ProxyCommand', proxy],
  ['IdentityFile', `"${key}"`],
  ['IdentitiesOnly', 'yes'],
  ['IdentityAgent', 'none'],
  ['PreferredAuthentications', 'publickey'],
  ['UserKnownHostsFile', `"${knownHosts}"`],
  ['GlobalKnownHostsFile', '/dev/null'],
  ['StrictHostKeyChecking', 'yes'],
  ['HostKeyAlgorithms', 'ssh-ed25519'],
  ['UpdateHostKeys', 'no'],
  ['ForwardAgent', 'no'],
  ['ServerAliveInterval', String(ALIVE_SECONDS)],
  ['ServerAliveCountMax', String(ALIVE_COUNT)],
]
