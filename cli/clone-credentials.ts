import { RemoteError } from '../core/contract/remote-error.ts'

/** An address without what is secret in it, and the environment in which git can use it all the same. */
export type CloneAddress = { url: string; env: NodeJS.ProcessEnv }

/** Told through the environment of that one git: on a disk or among arguments others could read it. */
const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$REMOTE_CLONE_USER" "$REMOTE_CLONE_PASSWORD"; }; f'

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a lone % is meant as it is
  }
}

/** Further git configuration, after what the environment has already. */
const configured = (env: NodeJS.ProcessEnv, settings: readonly (readonly [string, string])[]): NodeJS.ProcessEnv => {
  const before = Number(env['GIT_CONFIG_COUNT'] ?? 0) || 0
  const own = { ...env, GIT_CONFIG_COUNT: String(before + settings.length) }
  return Object.assign(
    own,
    ...settings.map(([key, value], n) => ({ [`GIT_CONFIG_KEY_${before + n}`]: key, [`GIT_CONFIG_VALUE_${before + n}`]: value })),
  )
}

/** Takes user and password out of an address; a token is often given as either. Addresses of SSH keep their user. */
export const cloneAddress = (typed: string, env: NodeJS.ProcessEnv): CloneAddress => {
  const [, scheme = '', userinfo, rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/?#]*)@)?([\s\S]*)$/i.exec(typed) ?? []
  if (userinfo === undefined) return { url: typed, env }
  const colon = userinfo.indexOf(':')
  const user = colon === -1 ? userinfo : userinfo.slice(0, colon)
  if (!/^(https?|ftps?):/i.test(scheme)) return { url: `${scheme}${user === '' ? '' : `${user}@`}${rest}`, env }
  const url = `${scheme}${rest}`
  const [name, password] = [decoded(user), decoded(colon === -1 ? '' : userinfo.slice(colon + 1))]
  if (/[\r\n\0]/.test(name + password))
    throw new RemoteError('usage', '--repo: the address has a line break in its user or password', { hint: 'leave it out' })
  const at = `credential.${scheme}${rest.split(/[/?#]/, 1)[0]}`
  // Without a password the user's own helpers are asked for it, as git does.
  if (colon === -1) return { url, env: configured(env, [[`${at}.username`, name]]) }
  const set = configured(env, [
    [`${at}.helper`, ''], // forgets those before it: none is asked, and none is given this to keep
    [`${at}.helper`, HELPER],
  ])
  return { url, env: { ...set, REMOTE_CLONE_USER: name, REMOTE_CLONE_PASSWORD: password } }
}
