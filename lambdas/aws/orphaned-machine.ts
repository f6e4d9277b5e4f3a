import type { Ports } from '../../core/ports/ports.ts'
import type { MachineStore } from './dynamo-machine-store.ts'
import { TAGS } from './fleet-request.ts'
import { type Orphan, orphanOf, type Seen } from './orphans.ts'

export type Asking = Pick<Ports, 'sessions' | 'clock'> & { machines: Pick<MachineStore, 'of'> }

/** Why a machine is nobody's: neither of the session that its tags name, nor of one that came to share it. Undefined: it is somebody's. */
export const orphanedMachine = ({ sessions, clock, machines }: Asking) => {
  const byTags = async (machine: Seen): Promise<Orphan | undefined> => {
    const name = machine.tags[TAGS.session]
    const session = name === undefined || name === '' ? undefined : await sessions.get(name)
    return orphanOf(machine, session, clock.now())
  }
  const isShared = async (machine: Seen): Promise<boolean> => {
    for (const { session, attempt, state } of (await machines.of(machine.id))?.parts ?? []) {
      const tags = { [TAGS.session]: session, [TAGS.attempt]: String(attempt) }
      if (state !== 'parted' && !(await byTags({ ...machine, tags }))) return true
    }
    return false
  }
  return async (machine: Seen): Promise<Orphan | undefined> => {
    const orphan = await byTags(machine)
    return orphan && !(await isShared(machine)) ? orphan : undefined
  }
}
