import type { Remains } from '../../core/contract/operate.ts'
import { TAGS } from './fleet-request.ts'
import { stackDisks } from './stack-disks.ts'
import { type Known, seenOf, stackMachines } from './stack-machines.ts'

/** What carries the session's tag and is there still. */
export const remainsOf = async (known: Known, session: string): Promise<Remains['remains']> => {
  const [machines, { volumes }] = await Promise.all([stackMachines(known), stackDisks(known.ec2, known.stack)])
  return [
    ...machines
      .filter((machine) => seenOf(machine).tags[TAGS.session] === session)
      .map(({ InstanceId: id = '', State }) => ({ kind: 'machine' as const, id, state: State?.Name ?? 'unknown' })),
    ...volumes
      .filter(({ Tags = [] }) => Tags.some(({ Key, Value }) => Key === TAGS.session && Value === session))
      .map(({ VolumeId: id = '', State = 'unknown' }) => ({ kind: 'volume' as const, id, state: State })),
  ]
}
