import { backoffOf, GIVE_UP_MS } from '../../cli/cloud/try-again.ts'
import { Dispatch } from '../../core/contract/dispatch.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { applyFact } from '../../core/lifecycle/apply-fact.ts'
import type { Fact } from '../../core/lifecycle/facts.ts'
import type { Ports } from '../../core/ports/ports.ts'
import { controlPlane } from '../../core/usecases/control-plane.ts'
import { openLaunchPace } from '../../lambdas/aws/dynamo-launch-pace.ts'
import type { Wait } from '../../lambdas/aws/dynamo-wait-store.ts'
import { openEc2Compute } from '../../lambdas/aws/ec2-compute.ts'
import { takeStep } from '../../lambdas/aws/take-step.ts'
import { wakeWaiting } from '../../lambdas/aws/wake-waiting.ts'
import { fakePorts } from '../../test/support/fakes/fake-ports.ts'
import { NOON } from '../../test/support/samples.ts'
import { openExecutions } from './executions.ts'
import { openFleet } from './fleet.ts'
import { openFunctions } from './functions.ts'
import { LIMITS } from './limits.ts'
import { memoryLaunches, memoryMachines, memoryTurns } from './memory-machinery.ts'
import { seeded } from './seeded.ts'
import { TokenBucket } from './token-bucket.ts'
import { VirtualTime } from './virtual-time.ts'

/** Of an account with nothing else in it. `crashShare`: launches whose function dies between EC2's answer and the record, or right after. */
export type Burst = { sessions: number; launchesPerSecond: number; crashShare: number; seed: number }

const BOOT_SECONDS = 300
/** The SDK's own: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const SDK = { tries: 3, throttledMs: 500 } as const

const memoryWaits = () => {
  const waits = new Map<string, Wait>()
  return {
    put: async (session: string, wait: Wait) => void waits.set(session, wait),
    get: async (session: string) => waits.get(session),
    remove: async (session: string, token: string) => {
      if (waits.get(session)?.token === token) waits.delete(session)
    },
  }
}

/** Everybody dispatches at the same moment; then time passes until nothing is left to do. Only AWS and time are models. */
export const simulate = async ({ sessions, launchesPerSecond, crashShare, seed }: Burst) => {
  const random = seeded(seed)
  const time = new VirtualTime(NOON)
  const clock = { now: time.now }
  const functions = openFunctions(time, random)
  const executions = openExecutions({ time, functions, random })
  const told = { givenUp: 0, refused: 0, described: 0, lastLaunch: 0 }

  const fleet = openFleet(time.now, (machine) => boot(machine), launchesPerSecond)
  const { send } = fleet.ec2
  fleet.ec2.send = ((command: object) => {
    const isLaunching = functions.current() !== 'release'
    if (isLaunching && command.constructor.name.startsWith('Describe')) told.described += 1
    return (send as (one: unknown) => Promise<unknown>)(command)
  }) as typeof send
  const crash = async () => {
    if (functions.current() === 'launch' && random() < crashShare / 2) await functions.crash()
  }
  const never = () => {
    throw new Error('no session here has a workspace')
  }
  const compute = openEc2Compute({
    ec2: fleet.ec2,
    launches: memoryLaunches(crash),
    pace: openLaunchPace(memoryTurns(time.now), time.now, random),
    now: time.now,
    machines: memoryMachines(),
    places: { subnets: [{ id: 'subnet-1', zone: 'us-east-1a' }], launchTemplates: { x64: { id: 'lt-1', version: '1' } } },
    prices: { get: async () => undefined },
    disks: { of: never, attach: never, detach: never, moveTo: never } as never,
    stack: 'remote',
    diskGb: 40,
  })
  const waits = memoryWaits()
  const fakes = fakePorts()
  const wake = wakeWaiting({ ...fakes, waits, callbacks: executions.callbacks, clock, bootSeconds: BOOT_SECONDS })
  const starts = new TokenBucket(LIMITS.startExecution.size, LIMITS.startExecution.perSecond, time.now)
  const started = new Set<string>()
  const begin = async (id: string) => {
    for (let tries = 1; !started.has(id); tries += 1) {
      if (starts.take()) {
        started.add(id)
        void executions.start(id)
        return
      }
      if (tries === SDK.tries)
        throw new RemoteError('unavailable', 'the lifecycle does not take the call now', { hint: 'try again' })
      await time.sleep(random() * SDK.throttledMs * 2 ** tries)
    }
  }
  const ports: Ports = { ...fakes, clock, compute, lifecycle: { begin, wake } }
  executions.deploy(takeStep({ ports, waits, wake, bootSeconds: BOOT_SECONDS }))
  const plane = controlPlane(ports, { runtimes: ['cloud'] })

  const hear = async (session: string, fact: Fact) => {
    await applyFact(ports)(session, fact)
    await wake(session)
  }
  const boot = ({ session, attempt: text }: { session: string; attempt: string }) => {
    const attempt = Number(text)
    told.lastLaunch = time.now()
    const greetedAt = time.now() + 25_000 + random() * 20_000
    time.at(greetedAt, () => void hear(session, { type: 'greeted', attempt, version: '1' }))
    const outcome = { outcome: 'succeeded', code: 'exit', reason: 'it ended with 0', exitCode: 0 } as const
    time.at(greetedAt + 30_000, () => void hear(session, { type: 'finished', attempt, outcome, lastSeq: 1, inboxHandled: 0 }))
  }

  const api = new TokenBucket(LIMITS.api.size, LIMITS.api.perSecond, time.now)
  /** As the CLI asks: what AWS does not take now is asked again, with the same key. */
  const person = async (n: number) => {
    const ask = Dispatch.parse({ task: 'echo hi', agent: 'shell', runtime: 'cloud', instance: 't3.small' })
    const began = time.now()
    const backoff = backoffOf(random)
    for (;;) {
      const isTaken =
        api.take() &&
        (await functions
          .invoke('dispatch', () => plane.dispatch(ask, { by: 'ada', key: `k${n}` }))
          .then(
            () => true,
            () => false,
          ))
      if (isTaken) return
      if (time.now() - began > GIVE_UP_MS) {
        told.givenUp += 1
        return
      }
      await time.sleep(backoff.next())
    }
  }
  for (let n = 0; n < sessions; n += 1) void person(n)
  await time.run()

  for (const id of started) if ((await ports.sessions.get(id))?.outcome?.outcome !== 'succeeded') told.refused += 1
  const machinesOf = [...fleet.bySession.values()].map(({ length }) => length)
  return {
    ...told,
    launchSeconds: (told.lastLaunch - NOON) / 1000,
    launched: fleet.machines.size,
    duplicates: machinesOf.filter((machines) => machines > 1).length,
    left: [...fleet.machines.values()].filter(({ alive }) => alive).length,
    calls: fleet.count.created,
    throttled: fleet.count.throttled,
    crashed: functions.count.crashed,
    ended: executions.count.ended,
    transitions: executions.count.transitions / Math.max(1, executions.count.ended),
  }
}
