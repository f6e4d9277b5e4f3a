import { ExecutionAlreadyExists, ExecutionDoesNotExist } from '@aws-sdk/client-sfn'
import { describe, expect, it } from 'vitest'
import { applyFact } from '../../../core/lifecycle/apply-fact.ts'
import type { Fact } from '../../../core/lifecycle/facts.ts'
import { driveForgotten } from '../../../lambdas/aws/drive-forgotten.ts'
import { reviveLifecycle } from '../../../lambdas/aws/revive-lifecycle.ts'
import type { StepFunctions } from '../../../lambdas/aws/step-functions.ts'
import { fakePorts } from '../../support/fakes/fake-ports.ts'
import { aSession } from '../../support/samples.ts'

const STATE_MACHINE = 'arn:aws:states:us-east-1:1:stateMachine:remote-lifecycle'

/** Step Functions with executions by name; a name is used once. */
const openExecutions = () => {
  const status = new Map<string, string>()
  const about = { $metadata: {}, message: '' }
  const send = async (call: string, asked: { executionArn?: string; name?: string; input?: string }) => {
    if (call === 'DescribeExecution') {
      const name = asked.executionArn?.replace('arn:aws:states:us-east-1:1:execution:remote-lifecycle:', '') ?? ''
      if (!status.has(name)) throw new ExecutionDoesNotExist(about)
      return { status: status.get(name) }
    }
    const { name = '', input } = asked
    if (status.has(name) && status.get(name) !== 'RUNNING') throw new ExecutionAlreadyExists(about)
    expect(JSON.parse(input ?? '')).toEqual({ session: name.slice(0, 12) })
    status.set(name, 'RUNNING')
    return {}
  }
  return { status, revive: reviveLifecycle({ sfn: { send } as StepFunctions, stateMachineArn: STATE_MACHINE }) }
}

const open = async (facts: readonly Fact[]) => {
  const ports = fakePorts()
  const session = aSession(1, { runtime: 'cloud', instance: 't3.small' })
  await ports.sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  for (const fact of facts) await applyFact(ports)(session.id, fact)
  const executions = openExecutions()
  const failed: string[] = []
  const drive = () => driveForgotten({ ports, revive: executions.revive, bootSeconds: 300 })(failed)
  return { ports, id: session.id, executions, drive, failed }
}
const RUNNING: readonly Fact[] = [
  { type: 'placed' },
  { type: 'launched', attempt: 1, machine: 'i-1' },
  { type: 'greeted', attempt: 1, version: '1' },
]

describe('a session whose lifecycle has died', () => {
  it.each(['FAILED', 'ABORTED', 'TIMED_OUT', 'SUCCEEDED'])('while it ran (%s) gets another one', async (status) => {
    const { id, executions, drive, ports } = await open(RUNNING)
    executions.status.set(id, status)
    ports.clock.pass(75 + 301)
    expect(await drive()).toMatchObject({ revived: [id] })
    expect(executions.status.get(`${id}-2`)).toBe('RUNNING')
    expect(await drive()).toMatchObject({ revived: [] })
    executions.status.set(`${id}-2`, status)
    expect(await drive()).toMatchObject({ revived: [id] })
    expect(executions.status.get(`${id}-3`)).toBe('RUNNING')
  })

  it('while its machine was to be released gets another one', async () => {
    const { id, executions, drive, ports } = await open([...RUNNING, { type: 'machine-gone', attempt: 1, why: 'terminated' }])
    executions.status.set(id, 'ABORTED')
    ports.clock.pass(301)
    expect(await drive()).toMatchObject({ revived: [id] })
  })

  it('is not asked about while what is due for it is not late', async () => {
    const { id, executions, drive, ports } = await open(RUNNING)
    executions.status.set(id, 'FAILED')
    ports.clock.pass(75 + 299)
    expect(await drive()).toEqual({ begun: [], revived: [] })
  })

  it('does not keep the others from being driven when it cannot be revived', async () => {
    const { id, ports, failed } = await open(RUNNING)
    const other = aSession(2, { runtime: 'cloud', instance: 't3.small' })
    await ports.sessions.insert(other, undefined, { by: 'ada', what: 'dispatched' })
    ports.clock.pass(600)
    const asked: string[] = []
    const revive = async (session: string) => {
      asked.push(session)
      if (session === id) throw new Error('throttled')
      return true
    }
    expect(await driveForgotten({ ports, revive, bootSeconds: 300 })(failed)).toEqual({ begun: [other.id], revived: [other.id] })
    expect([asked.toSorted(), failed]).toEqual([[id, other.id].toSorted(), [id]])
  })
})

it('a session that nobody has begun is begun after two minutes', async () => {
  const { id, drive, ports } = await open([])
  expect(await drive()).toEqual({ begun: [], revived: [] })
  ports.clock.pass(121)
  expect(await drive()).toMatchObject({ begun: [id] })
})
