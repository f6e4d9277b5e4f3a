import { DescribeInstancesCommand, type EC2Client, type TerminateInstancesCommand } from '@aws-sdk/client-ec2'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../../core/contract/session.ts'
import { openJanitor } from '../../../lambdas/aws/janitor.ts'
import { orphanedMachine } from '../../../lambdas/aws/orphaned-machine.ts'
import { orphanOf } from '../../../lambdas/aws/orphans.ts'
import { useAws } from '../../support/aws-world.ts'
import { fakePorts } from '../../support/fakes/fake-ports.ts'
import { aSession, NOON, sessionId } from '../../support/samples.ts'

const aws = useAws()
const MINUTE = 60_000
const tagsOf = (session: string) => ({ 'remote:stack': 'remote', 'remote:session': session, 'remote:attempt': '1' })

/** EC2 with these machines, old enough each, of which some may not be ended. */
const ec2Of = (machines: Record<string, string>, stubborn: readonly string[] = []) => {
  const ended: string[] = []
  const send = async (command: unknown) => {
    if (command instanceof DescribeInstancesCommand) {
      const Instances = Object.entries(machines)
        .filter(([id]) => !ended.includes(id))
        .map(([InstanceId, session]) => ({
          InstanceId,
          LaunchTime: new Date(NOON - 60 * MINUTE),
          Tags: Object.entries(tagsOf(session)).map(([Key, Value]) => ({ Key, Value })),
        }))
      return { Reservations: [{ Instances }] }
    }
    const [id = ''] = (command as TerminateInstancesCommand).input.InstanceIds ?? []
    if (stubborn.includes(id)) throw new Error('OperationNotPermitted')
    ended.push(id)
    return {}
  }
  return { ec2: { send } as unknown as EC2Client, ended }
}

const sweepTwice = async (
  machines: Record<string, string>,
  more: { stubborn?: string[]; mute?: boolean; unreadable?: string } = {},
) => {
  const ports = fakePorts()
  const sessions: Pick<typeof ports.sessions, 'get'> = {
    get: async (id) => {
      if (id === more.unreadable) throw new Error('the record is damaged')
      return undefined
    },
  }
  const { ec2, ended } = ec2Of(machines, more.stubborn)
  const sweep = openJanitor({
    ...(await aws.fresh()),
    ec2,
    ports: { ...ports, sessions: { ...ports.sessions, ...sessions } },
    stack: 'remote',
    machineProfileArn: 'arn:profile',
    publish: async () => {
      if (more.mute) throw new Error('no topic')
    },
  })
  await sweep()
  ports.clock.pass(300)
  return { swept: await sweep(), ended }
}

describe('the janitor', () => {
  it('ends the other machines when one cannot be ended, and says which it was', async () => {
    const { swept, ended } = await sweepTwice({ 'i-1': sessionId(1), 'i-2': sessionId(2) }, { stubborn: ['i-1'] })
    expect(ended).toEqual(['i-2'])
    expect(swept).toMatchObject({ killed: ['i-2'], failed: ['i-1'] })
  })

  it('leaves a machine alone whose record cannot be read, and ends the others', async () => {
    const { swept, ended } = await sweepTwice({ 'i-1': sessionId(1), 'i-2': sessionId(2) }, { unreadable: sessionId(1) })
    expect(ended).toEqual(['i-2'])
    expect(swept.failed).toEqual(['i-1'])
  })

  it('ends all of them when nobody can be told', async () => {
    const { ended } = await sweepTwice({ 'i-1': sessionId(1), 'i-2': sessionId(2) }, { mute: true })
    expect(ended).toEqual(['i-1', 'i-2'])
  })
})

describe('a machine', () => {
  const seen = { id: 'i-1', launchedAt: NOON - 60 * MINUTE, tags: tagsOf(sessionId(1)) }
  const running = (more: Partial<Session>): Session => ({
    ...aSession(1, { runtime: 'cloud' }),
    state: 'running',
    attempts: [{ number: 1, machine: 'i-1' }],
    ...more,
  })

  it('is somebody’s while its session runs on it and has time left', () => {
    expect(orphanOf(seen, running({ expiresAt: new Date(NOON + MINUTE).toISOString() }), NOON)).toBeUndefined()
    expect(orphanOf(seen, running({ attempts: [{ number: 1 }] }), NOON)).toBeUndefined()
  })

  it('that becomes an image is somebody’s until that is long over', () => {
    const builder = (launchedAt: number) => ({ ...seen, launchedAt, tags: { ...tagsOf('s-0000000000'), 'remote:bake': 'x64' } })
    expect(orphanOf(builder(NOON - 44 * MINUTE), undefined, NOON)).toBeUndefined()
    expect(orphanOf(builder(NOON - 45 * MINUTE), undefined, NOON)?.why).toContain('to become an image')
  })

  it('is nobody’s when its attempt has another one', () => {
    const session = running({ attempts: [{ number: 1, machine: 'i-2' }] })
    expect(orphanOf(seen, session, NOON)?.why).toBe('its attempt has another machine')
  })

  it('is somebody’s as long as one of those that share it is there, whatever became of the first', async () => {
    const ended = { ...running({}), state: 'ended' as const }
    const guest = (more: Partial<Session>): Session => ({ ...running(more), id: sessionId(2) })
    const ask = (second: Session, state: 'live' | 'parted') =>
      orphanedMachine({
        sessions: { ...fakePorts().sessions, get: async (id) => (id === second.id ? second : ended) },
        clock: { now: () => NOON },
        machines: {
          of: async () => ({
            closed: false,
            parts: [
              { session: ended.id, attempt: 1, state: 'parted', hasJoined: false, ttlSeconds: null },
              { session: second.id, attempt: 1, state, hasJoined: true, ttlSeconds: 60 },
            ],
          }),
        },
      })(seen)
    expect(await ask(guest({}), 'live')).toBeUndefined()
    expect((await ask(guest({}), 'parted'))?.why).toBe('its session has ended')
    expect((await ask(guest({ state: 'ended' }), 'live'))?.why).toBe('its session has ended')
  })

  it('is nobody’s a quarter of an hour after its session’s time, whatever the record says', () => {
    const session = running({ expiresAt: new Date(NOON - 15 * MINUTE).toISOString() })
    expect(orphanOf(seen, session, NOON)?.why).toBe('its time is long over')
    expect(orphanOf(seen, session, NOON - 1)).toBeUndefined()
  })
})
