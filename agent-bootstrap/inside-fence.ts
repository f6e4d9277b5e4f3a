/**
 * What has a program load or run something before its own first line: what the loader itself ignores in programs that have more rights than
 * their caller (glibc's unsecvars.h; macOS's are DYLD_*).
 */
const OBEYED_AT_ONCE =
  /^(LD_\w+|DYLD_\w+|GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_\w+|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TZDIR)$/
/** A shell that starts traces with them, and bash runs what is in PS4 for that. Read-only in bash: they cannot be handed on. */
const NEVER = /^(SHELLOPTS|BASHOPTS)$/

type Started = { command: string; args: string[]; env: Record<string, string> }

/**
 * The environment is the session's, and its repository may have written it (`[env]` of remote.toml); what puts up the fence is started with
 * it, and stands outside. So what would be obeyed there travels under other names, and is put back inside.
 */
export const insideFence = (command: string, args: readonly string[], env: Readonly<Record<string, string>>): Started => {
  const held = Object.keys(env).filter((name) => OBEYED_AT_ONCE.test(name))
  const outside = Object.entries(env).flatMap(([name, value]) =>
    NEVER.test(name) ? [] : [[held.includes(name) ? `REMOTE_INSIDE_${name}` : name, value] as const],
  )
  if (held.length === 0) return { command, args: [...args], env: Object.fromEntries(outside) }
  const back = held.map((name) => `${name}=$REMOTE_INSIDE_${name}; export ${name}; unset REMOTE_INSIDE_${name}`).join('; ')
  return { command: '/bin/sh', args: ['-c', `${back}; exec "$@"`, 'sh', command, ...args], env: Object.fromEntries(outside) }
}
