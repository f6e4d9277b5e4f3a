import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'

/** All it takes to open a tunnel to the machine of a session, and to know that it is the one. */
export type Target = {
  session: string
  region: string
  profile?: string | undefined
  /** Id and host of the Instance Connect Endpoint. */
  endpoint: string
  host: string
  instance: string
  /** Within the machines' network. */
  address: string
  hostKey: string
  user: string
}

export type Machine = Pick<Target, 'instance' | 'address' | 'hostKey' | 'user'>

const NO_MACHINE_YET = ['queued', 'placing', 'launching', 'booting']

/** No further machine comes. */
export const isOver = ({ state, ending }: Session): boolean =>
  state === 'ended' || (state === 'releasing' && ending !== undefined)

/** The machine that a session runs on now. Throws `refused` when there will be none, `unavailable` when there may be later. */
export const machineOf = (session: Session): Machine => {
  const { id, state } = session
  const attempt = session.attempts.at(-1)
  if (isOver(session))
    throw new RemoteError('refused', `${id} has ended: its machine is gone`, {
      hint: `its result: remote diff ${id}; to go on from there: remote resume ${id} "…"`,
    })
  if (NO_MACHINE_YET.includes(state) || state === 'releasing' || attempt?.machine === undefined)
    throw new RemoteError('unavailable', `${id} has no machine that runs yet: it is ${state}`, {
      hint: `try again when it runs: remote status --watch; why it takes long: remote explain ${id}`,
    })
  if (!attempt.ssh)
    throw new RemoteError('not_supported', `the machine of ${id} did not say how to reach it by ssh`, {
      hint: 'machines of a stack that is up to date do: remote cloud deploy, then a new session',
    })
  return { instance: attempt.machine, ...attempt.ssh }
}
