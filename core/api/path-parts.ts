import { SECRET_NAME, SESSION_ID, SHA256, SNAPSHOT_ID, WORKSPACE_NAME } from '../contract/id-patterns.ts'
import { RemoteError } from '../contract/remote-error.ts'
import { notSuch } from './checked.ts'

const COUNT = /^[1-9][0-9]{0,8}$/

const count = (part: string) => (value: string) => {
  if (!COUNT.test(value)) throw notSuch(part, 'not a number from 1 on')
  return Number(value)
}
export const attemptIn = count('attempt')
export const seqIn = count('first')

const such = (pattern: RegExp, part: string) => (value: string) => {
  if (!pattern.test(value)) throw notSuch(part, `must match pattern ${pattern}`)
  return value
}
export const sha256In = such(SHA256, 'sha256')
export const secretNameIn = such(SECRET_NAME, 'name')
export const repositoryIn = such(SHA256, 'repository')

/** A name that cannot exist is as unknown as one that does not. */
const known = (pattern: RegExp, what: string, hint: string) => (value: string) => {
  if (pattern.test(value)) return value
  throw new RemoteError('not_found', `there is no ${what} ${value.slice(0, 40)}`, { hint })
}
export const runnersSessionIn = known(SESSION_ID, 'session', 'stop: this machine works for no session')
export const workspaceIn = known(WORKSPACE_NAME, 'workspace', 'list them: remote workspace list')
export const snapshotIn = known(SNAPSHOT_ID, 'snapshot', 'list them: remote workspace show NAME')
