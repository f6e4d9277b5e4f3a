import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Neighbours, Work } from '../../core/contract/runner.ts'
import {
  close,
  confirm,
  finish,
  join,
  launchedFor,
  liveOn,
  neighboursOf,
  part,
  type SharedMachine,
} from '../../core/domain/shared-machine.ts'
import { type Item, N, number, openTable, S, type TableOptions, text } from './dynamo-table.ts'

/** `notice`: why EC2 said it would take the machine. */
export type MachineRecord = SharedMachine & { notice?: string | undefined }

/** Which attempts a machine works for: how a machine that proves to be an instance is known. All of it may be repeated. */
export interface MachineStore {
  /** It was launched for that attempt. Before it can say hello, or soon after: until then it is told to come again. */
  assign(machine: string, work: Work): Promise<void>
  /** One more attempt works there. False when it takes nobody any more; throws `fenced` when the attempt was ended. */
  join(machine: string, work: Work & { ttlSeconds: number | null }): Promise<boolean>
  /** A runner of the machine has ended those. Answers what there is to do for the machine's runners. */
  tend(machine: string, ended: readonly Work[]): Promise<Neighbours | undefined>
  /** The runner of that attempt ends, once it has done what this answers. The machine of the last one takes nobody any more. */
  finish(machine: string, work: Work): Promise<Neighbours | undefined>
  /** The attempt must not go on: see `part` of shared-machine.ts. `heirs`: who is left, the longest there first. */
  part(machine: string, work: Work): Promise<{ next: 'last' | 'parted' | 'ending'; heirs: Work[] }>
  /** It is going, or gone. */
  close(machine: string): Promise<void>
  noticed(machine: string, why: string): Promise<void>
  of(machine: string): Promise<MachineRecord | undefined>
}

/** Records of machines that are long gone need not be kept. */
const KEPT_SECONDS = 90 * 86_400
/** Each lost race means that another's change was stored. */
const MAX_RACES = 100

const key = (machine: string) => ({ pk: `M#${machine}`, sk: 'machine' })
const machineOf = (item: Item): SharedMachine => JSON.parse(text(item['shared'])) as SharedMachine

/** Item `M#<instance id>` / `machine`. Whoever changes it names the version that was read, so that of two that end at once one is the last. */
export const openDynamoMachineStore = ({ now, ...options }: TableOptions & { now: () => number }): MachineStore => {
  const table = openTable(options)

  const read = async (machine: string): Promise<Item | undefined> => {
    const item = await table.get(key(machine))
    return item?.['shared'] ? item : undefined // a notice may come before the machine is recorded
  }

  /** Answers what was decided about; undefined: there is no such machine. */
  const change = async <T extends { machine: SharedMachine }>(
    machine: string,
    decide: (before: SharedMachine) => T,
  ): Promise<T | undefined> => {
    for (let race = 0; race < MAX_RACES; race++) {
      const item = await read(machine)
      if (!item) return undefined
      const before = machineOf(item)
      const decision = decide(before)
      if (decision.machine === before) return decision
      const version = number(item['version'])
      const written = await table.update({
        update: key(machine),
        set: { shared: S(JSON.stringify(decision.machine)), version: N(version + 1) },
        if: '#version = :read',
        values: { read: N(version) },
      })
      if (written) return decision
    }
    throw new RemoteError('unavailable', `machine ${machine} changes too quickly`, { hint: 'try again' })
  }
  const changed = async (machine: string, decide: (before: SharedMachine) => SharedMachine) =>
    (await change(machine, (before) => ({ machine: decide(before) })))?.machine

  return {
    assign: async (machine, work) => {
      const expires = Math.floor(now() / 1000) + KEPT_SECONDS
      await table.update({
        update: key(machine),
        set: { shared: S(JSON.stringify(launchedFor(work))), version: N(1), expires: N(expires) },
        if: 'attribute_not_exists(#shared)',
      })
    },
    join: async (machine, work) => {
      const decision = await change(machine, (before) => {
        const joined = join(before, work)
        return typeof joined === 'string' ? { machine: before, refused: joined } : { machine: joined }
      })
      if (decision && 'refused' in decision && decision.refused === 'over')
        throw new RemoteError('fenced', `attempt ${work.attempt} of ${work.session} is over`, {
          hint: 'another has its own number',
        })
      return decision !== undefined && !('refused' in decision)
    },
    tend: async (machine, ended) => {
      const known = await changed(machine, (before) => confirm(before, ended))
      return known && neighboursOf(known)
    },
    finish: async (machine, work) => {
      const known = await changed(machine, (before) => finish(before, work))
      return known && neighboursOf(known)
    },
    part: async (machine, work) => {
      const decision = await change(machine, (before) => part(before, work))
      return decision ? { next: decision.next, heirs: liveOn(decision.machine) } : { next: 'last', heirs: [] }
    },
    close: async (machine) => {
      await changed(machine, close)
    },
    noticed: async (machine, why) => {
      await table.update({ update: key(machine), set: { notice: S(why) } })
    },
    of: async (machine) => {
      const item = await read(machine)
      return item && { ...machineOf(item), ...(item['notice'] && { notice: text(item['notice']) }) }
    },
  }
}
