import { relative } from 'node:path'
import type { Session } from '../core/contract/session.ts'
import type { BroughtHome } from './git/bring-home.ts'
import { quoted } from './ssh/ssh-options.ts'

/**
 * What takes a result over, for who stands in `cwd`. Onto uncommitted changes git merges nothing, and the branch begins with these very
 * changes: then only what the session did is applied to them. That is done at the top, as elsewhere `git apply` leaves files out.
 */
export const takeCommand = ({ id, request }: Session, { branch, dir }: BroughtHome, cwd: string): string => {
  const { commit, head } = request.repository ?? {}
  if (commit === head) return `git merge ${branch}`
  const up = relative(cwd, dir)
  return `remote diff ${id} | git ${up === '' ? '' : `-C ${quoted(up)} `}apply`
}
