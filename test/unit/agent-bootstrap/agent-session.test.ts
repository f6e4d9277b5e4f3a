import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { listProcesses, markedProcesses } from '../../../agent-bootstrap/process-table.ts'
import type { EventBody } from '../../../core/contract/events.ts'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { type RunnerProcess, readLog, startRunner } from '../../support/runner-process.ts'

const FAKE = fileURLToPath(import.meta.resolve('../../support/fake-acp-agent.ts'))
let next = 0
const planes: FakeControlPlane[] = []
const runners: RunnerProcess[] = []
const marked = (session: string) => [...markedProcesses(listProcesses(), `REMOTE_SESSION=${session}`)]
afterEach(async () => {
  for (const { child } of runners.splice(0)) child.kill('SIGKILL')
  for (const plane of planes.splice(0)) {
    for (const pid of marked(plane.spec.session)) process.kill(pid, 'SIGKILL')
    await plane.close()
  }
})

/** A session of the test's own ACP agent, which does what its prompts say. */
const open = async (task: string, { request, ...changes }: Parameters<typeof runSpec>[0] = {}) => {
  const session = `s-a${String(process.pid).padStart(7, '0')}${String(next++).padStart(2, '0')}`
  const fake = { agent: 'fake', agentCommand: `'${process.execPath}' '${FAKE}'` }
  const plane = await openFakeControlPlane(runSpec({ session, ...changes, request: { task, ...fake, ...request } }))
  planes.push(plane)
  plane.spec.request.env['FAKE_MEMORY'] ??= join(plane.dir, 'memory')
  return plane
}
const start = (plane: FakeControlPlane) => {
  const runner = startRunner(plane)
  runners.push(runner)
  return runner
}
const said = async (plane: FakeControlPlane) =>
  (await readLog(plane)).flatMap(({ head }: { head: EventBody }) =>
    head.type === 'message' ? [`${head.role}: ${head.text}`] : [],
  )
const notices = async (plane: FakeControlPlane) =>
  (await readLog(plane)).flatMap(({ head }) => (head.type === 'notice' ? [head.text] : []))
const waits = (plane: FakeControlPlane) => plane.said.beat.at(-1)?.flags.waiting?.for

describe('an agent session', { timeout: 30_000 }, () => {
  it('ends with its turn when nothing more was said', async () => {
    const plane = await open('say hello')
    expect(await start(plane).exit).toBe(0)
    expect(await said(plane)).toEqual(['user: say hello', 'agent: before: '])
    expect(plane.said.done[0]).toMatchObject({ outcome: { outcome: 'succeeded', code: 'end_turn' }, agentHandle: 'fake-1' })
  })

  it('that is interactive waits for follow-ups, until it idles', async () => {
    const plane = await open('say one', { request: { interactive: true }, idleSeconds: 2 })
    const runner = start(plane)
    await plane.until('it waits', () => waits(plane) === 'follow_up')
    plane.post({ kind: 'message', text: 'say two' })
    await plane.until('it was handled', () => plane.said.beat.some(({ inboxHandled }) => inboxHandled === 1))
    await runner.exit
    expect(await said(plane)).toEqual(['user: say one', 'agent: before: ', 'user: say two', 'agent: before: say one'])
    expect(plane.said.done[0]).toMatchObject({ outcome: { outcome: 'expired', code: 'idle' }, inboxHandled: 1 })
    expect(marked(plane.spec.session)).toEqual([])
  })

  it('ends when its tokens used up the budget', async () => {
    const plane = await open('cost 2.5', { request: { interactive: true }, maxCostUsd: 2 })
    await start(plane).exit
    expect(plane.said.done[0]).toMatchObject({ outcome: { outcome: 'over_budget', code: 'max_cost' }, usage: { costUsd: 2.5 } })
  })

  it('is resumed on another machine, and told so', async () => {
    const first = await open('say one')
    await start(first).exit
    const memory = join(first.dir, 'memory')
    const plane = await open('say one', {
      attempt: 2,
      agentHandle: 'fake-1',
      previous: { attempt: 1, lastSeq: 3, why: 'gone' },
      request: { env: { FAKE_MEMORY: memory } },
    })
    await start(plane).exit
    expect(readFileSync(memory, 'utf8').split('\n')[1]).toMatch(/^The machine you worked on was lost/)
    expect((await readLog(plane))[0]?.head.type).toBe('gap')
    expect((await said(plane)).join()).not.toContain('replayed')
  })

  it('that cannot be resumed starts anew with the task, and says so', async () => {
    const plane = await open('say one', {
      attempt: 2,
      agentHandle: 'unknown-1',
      previous: { attempt: 1, lastSeq: 3, why: 'gone' },
    })
    await start(plane).exit
    expect((await notices(plane)).join()).toContain('could not be resumed')
    expect(plane.said.done[0]).toMatchObject({ outcome: { outcome: 'succeeded' }, agentHandle: 'fake-1' })
  })

  it('whose agent is not there is refused with a hint', async () => {
    const plane = await open('say one', { request: { agentCommand: 'no-such-agent-anywhere --acp' } })
    await start(plane).exit
    expect(plane.said.done[0]?.outcome.outcome).not.toBe('succeeded')
    expect(plane.said.done[0]?.outcome.reason.length).toBeGreaterThan(20)
  })

  it('that is terminated while it waits ends at once', async () => {
    const plane = await open('say one', { request: { interactive: true } })
    const runner = start(plane)
    await plane.until('it waits', () => waits(plane) === 'follow_up')
    const from = Date.now()
    plane.terminate('graceful')
    await runner.exit
    expect(Date.now() - from).toBeLessThan(8000)
    expect(plane.said.done[0]?.outcome.outcome).toBe('terminated')
    expect(marked(plane.spec.session)).toEqual([])
  })
})
