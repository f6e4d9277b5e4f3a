import { CreateFleetCommand, type EC2Client } from '@aws-sdk/client-ec2'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Work } from '../../core/contract/runner.ts'
import type { Purchase, Session } from '../../core/contract/session.ts'
import { pricesOf } from '../../core/domain/prices.ts'
import { ttlSecondsOf } from '../../core/domain/session-ends.ts'
import type { Compute } from '../../core/ports/compute.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'
import type { LaunchPace } from './dynamo-launch-pace.ts'
import type { LaunchStore } from './dynamo-launch-store.ts'
import type { MachineStore } from './dynamo-machine-store.ts'
import { launchError, meaningOf } from './ec2-errors.ts'
import { isAlive, openEc2Machines } from './ec2-machines.ts'
import { fleetOutcome, type Launch } from './fleet-outcome.ts'
import { fleetRequest } from './fleet-request.ts'
import { type Places, type Round, wantsOf, zonesFor } from './launch-round.ts'
import { codeOf } from './volume-errors.ts'
import type { Disk, WorkspaceVolumes } from './workspace-volumes.ts'

export type Ec2 = {
  /** Without the SDK's own retries: a refused launch is an answer, and repeating it blindly makes throttling of it. */
  ec2: EC2Client
  launches: LaunchStore
  /** All sessions of the stack share what EC2 lets an account ask for. */
  pace: LaunchPace
  now(): number
  machines: MachineStore
  places: Places
  prices: Pick<PriceStore, 'get'>
  disks: WorkspaceVolumes
  /** Name of the stack, by which its machines are known. */
  stack: string
  diskGb: number
}

type Launched = { machine: string; purchase: Purchase }
/** `isShort`: where this was asked for there is none to be had; elsewhere there may be. */
type Refusal = { error: RemoteError; isShort: boolean }

/** Of a launch: the request was not looked at. Nobody has failed, and the same request is made again. */
const THROTTLED = new Set(['RequestLimitExceeded', 'Throttling', 'ThrottlingException'])
/** EC2 remembers machines for an hour after their end. */
const YOUNG_MS = 10 * 60_000
/** As good as now: coming back takes longer. */
const AT_ONCE_MS = 500

const outOfTurn = (notBefore: number, why: string) =>
  new RemoteError('unavailable', why, { hint: 'it goes on by itself', notBefore: Math.ceil(notBefore) })

const fenced = (session: string, attempt: number) =>
  new RemoteError('fenced', `attempt ${attempt} of ${session} is over`, { hint: 'another attempt has its own number' })

/** Where a workspace with data lies is where its sessions run, until it is moved. */
const shortBeside = ({ workspace, zone }: Disk, zones: readonly string[], cause: RemoteError) => {
  const move = `remote workspace move ${workspace} --zone ${zones.find((one) => one !== zone) ?? 'ZONE'}`
  return new RemoteError(
    'unavailable',
    `${cause.message} in ${zone}, where workspace ${workspace} lies; to go elsewhere: ${move}`,
    {
      hint: move,
      cause,
    },
  )
}

/**
 * Machines of the user's own AWS account, launched by a frozen request: one per attempt, but for those that join another's. Nothing is
 * described to launch one.
 */
export const openEc2Compute = ({ ec2, launches, pace, now, machines, places, prices, disks, stack, diskGb }: Ec2): Compute => {
  const { tagged, named, terminate } = openEc2Machines(ec2, stack)

  /** What EC2 answers to a fleet that is asked for again is written down nowhere: before it is taken for none, its machine is looked for. */
  const madeBefore = async (session: string, attempt: number): Promise<Launch | undefined> => {
    const one = (await tagged(session, attempt)).find(isAlive)
    return one?.InstanceId === undefined ? undefined : { machine: one.InstanceId, zone: one.Placement?.AvailabilityZone ?? '' }
  }

  /** Before its round is frozen: one that waits has asked for nothing yet. */
  const inTurn = async (session: string, attempt: number) => {
    const turn = await pace.turn(session, attempt)
    if (turn - now() > AT_ONCE_MS)
      throw outOfTurn(turn, 'machines of other sessions are asked for first, as quickly as EC2 allows')
  }

  /** A failure is recorded when EC2 has answered: then this round can give no machine, and the next try is another round. */
  const create = async (
    { id: session, request }: Session,
    attempt: number,
    round: Round,
    isAgain: boolean,
  ): Promise<Launch | Refusal> => {
    const failed = async (code: string, message: string | undefined) => {
      await launches.failed(session, attempt, round.number, code)
      return { error: launchError(code, message), isShort: meaningOf(code).do === 'elsewhere' }
    }
    const later = async (error: unknown) => {
      const { code, message } = codeOf(error)
      if (THROTTLED.has(code)) throw outOfTurn(await pace.again(session, attempt), `EC2 is asked for too much at once (${code})`)
      // Not taken, or nobody knows whether it was: the same round is made again.
      return meaningOf(code).do === 'later' ? { error: launchError(code, message), isShort: false } : failed(code, message)
    }
    const asking = new CreateFleetCommand(fleetRequest({ session, attempt, stack, round, ttlSeconds: ttlSecondsOf(request) }))
    const answer = await ec2.send(asking).catch(later)
    if ('error' in answer) return answer
    const outcome = fleetOutcome(answer, round)
    if ('machine' in outcome) return outcome
    const isSilent = (answer.Errors ?? []).length === 0
    return ((isAgain || isSilent) && (await madeBefore(session, attempt))) || failed(outcome.code, outcome.message)
  }

  /** Stored prices, as they are when it is launched: EC2 itself is not asked. */
  const purchaseOf = async ({ instance, spot, disk }: Round, zone: string): Promise<Purchase> =>
    pricesOf(await prices.get()).purchase({ instance, zone, spot, diskGb, ...(disk && { workspaceGb: disk.sizeGb }) })

  const take = async ({ id: session, request }: Session, attempt: number, round: Round, launch: Launch): Promise<Launched> => {
    const { machine, zone } = launch
    await launches.launched(session, attempt, round.number, { at: now(), ...launch })
    await machines.assign(machine, { session, attempt })
    // The machine waits for it; before this resolves, nothing has been launched as far as the plan knows, so a crash comes here again.
    if (round.disk && request.workspace !== undefined) await disks.attach(request.workspace, session, round.disk.volume, machine)
    return { machine, purchase: await purchaseOf(round, zone) }
  }

  /** `isAgain`: it was begun before, and nobody knows how it went. */
  const firstOf = async (
    session: Session,
    attempt: number,
    rounds: readonly Round[],
    isAgain = false,
  ): Promise<Launched | Refusal> => {
    let failure: Refusal = { error: fenced(session.id, attempt), isShort: false }
    if (!isAgain) await inTurn(session.id, attempt)
    for (const wanted of rounds) {
      const round = await launches.freeze(session.id, attempt, wanted)
      const launch = await create(session, attempt, round, isAgain)
      if ('machine' in launch) return take(session, attempt, round, launch)
      failure = launch
    }
    return failure
  }

  /** `tried`: rounds before these, as they were read first. Read again, they could be another call's, and this one would buy beside it. */
  const roundsAfter = async (tried: number, session: Session, disk?: Disk): Promise<Round[]> =>
    wantsOf(session, places, pricesOf(await prices.get()), disk).map((want, index) => ({ ...want, number: tried + 1 + index }))

  /** Where the workspace's disk lies. One that no machine ever had may lie anywhere: it follows the machines. */
  const besideDisk = async (
    session: Session,
    attempt: number,
    workspace: string,
    before: number,
  ): Promise<Launched | Refusal> => {
    const zones = zonesFor(session.id, places)
    let disk = await disks.of(workspace, session.id, zones)
    let rounds = before
    for (const tried = new Set<string>(); ; ) {
      const wanted = await roundsAfter(rounds, session, disk)
      const launch = await firstOf(session, attempt, wanted)
      if ('machine' in launch || !launch.isShort) return launch
      rounds += wanted.length
      tried.add(disk.zone)
      const next = disk.isUntouched ? zones.find((zone) => !tried.has(zone)) : undefined
      if (next === undefined) return disk.isUntouched ? launch : { ...launch, error: shortBeside(disk, zones, launch.error) }
      disk = await disks.elsewhere(disk, session.id, next)
    }
  }

  /** Beside those that are there. One that joined and was not heard of again has joined. */
  const join = async ({ id: session, request }: Session, attempt: number, host: string) => {
    const work = { session, attempt, ttlSeconds: ttlSecondsOf(request) }
    const { fenced: isOver, joining } = await launches.of(session, attempt)
    for (const machine of joining) if (await machines.join(machine, work)) return { machine }
    if (isOver || !(await launches.joins(session, attempt, host))) throw fenced(session, attempt)
    if (await machines.join(host, work)) return { machine: host }
    throw new RemoteError('unavailable', `machine ${host} is going`, { hint: 'it is tried again with the next one' })
  }

  /** One attempt of those on a machine ends, and the machine with the last. Answers who is left. */
  const leave = async (machine: string, work: Work, launchedAt = 0): Promise<Work[]> => {
    const { next, heirs } = await machines.part(machine, work)
    if (next === 'parted') return heirs
    if (next === 'ending' && (await named(machine)).some(isAlive))
      throw new RemoteError('unavailable', `it may still run on ${machine}, which it shares`, { hint: 'it is tried again' })
    await machines.close(machine)
    await terminate(machine, now() - launchedAt < YOUNG_MS)
    return []
  }

  return {
    launch: async (session: Session, attempt: number, host?: string) => {
      if (host !== undefined) return join(session, attempt, host)
      const known = await launches.of(session.id, attempt)
      if (known.fenced) throw fenced(session.id, attempt)
      const last = known.rounds.at(-1)
      if (last?.launched) return take(session, attempt, last.round, last.launched)
      const { workspace } = session.request
      // Cut off in the middle, so its machine may be there: the same request gives it.
      const isOpen = last && last.failed === undefined
      const tried = known.rounds.length
      const fresh = async () =>
        workspace === undefined
          ? firstOf(session, attempt, await roundsAfter(tried, session))
          : besideDisk(session, attempt, workspace, tried)
      const launch = await (isOpen ? firstOf(session, attempt, [last.round], true) : fresh())
      if ('machine' in launch) return launch
      throw launch.error
    },
    find: async (session, attempt) => {
      const { rounds, joining } = await launches.of(session, attempt)
      const found = joining.length > 0 ? await named(...joining) : await tagged(session, attempt)
      const one = found.find(isAlive) ?? found[0]
      if (one?.InstanceId === undefined) {
        const gone = rounds.find(({ launched }) => launched)?.launched?.machine ?? joining.at(-1)
        return gone === undefined ? undefined : { id: gone, alive: false, why: 'the machine is gone' }
      }
      const id = one.InstanceId
      if (!isAlive(one)) {
        await machines.close(id)
        return { id, alive: false, why: one.StateReason?.Message ?? `the machine is ${one.State?.Name}` }
      }
      const own = (await machines.of(id))?.parts.find((part) => part.session === session && part.attempt === attempt)
      return own?.state === 'parted' ? { id, alive: false, why: 'the attempt is over' } : { id, alive: true }
    },
    terminate: async (session, attempt) => {
      await launches.fence(session, attempt)
      const { rounds, joining } = await launches.of(session, attempt)
      const recorded = new Map(rounds.flatMap(({ launched }) => (launched ? [[launched.machine, launched.at] as const] : [])))
      const running =
        joining.length > 0 ? [] : (await tagged(session, attempt)).filter(({ State }) => State?.Name !== 'terminated')
      const ids = new Set([...recorded.keys(), ...joining, ...running.flatMap(({ InstanceId }) => InstanceId ?? [])])
      const heirs = await Promise.all([...ids].map((id) => leave(id, { session, attempt }, recorded.get(id))))
      return { heirs: heirs.flat() }
    },
    // The machine took everything with it.
    clean: async () => {},
  }
}
