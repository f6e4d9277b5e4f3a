import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { firstPrompt } from '../../../agent-bootstrap/first-prompt.ts'
import type { EventBody, EventHead } from '../../../core/contract/events.ts'
import { encodeRecord } from '../../../core/contract/records.ts'
import { runSpec } from '../../support/fake-control-plane.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-prompt-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const leaveLog = async (session: string, bodies: EventBody[]) => {
  const log = join(dir, session, 'log/1')
  await mkdir(log, { recursive: true })
  const records = bodies.map((body, n) => encodeRecord({ seq: n + 1, at: '', ...body } as EventHead))
  // Torn at its end, as the log of a lost machine may be.
  await writeFile(join(log, '000000000001'), Buffer.concat([...records, Buffer.from([0, 0])]))
}
const SAID: EventBody[] = [
  { type: 'message', role: 'user', text: 'the task' },
  { type: 'message', role: 'agent', text: 'I found the bug.' },
  { type: 'tool', id: '1', title: 'Edit a.ts', status: 'completed' },
]
const agent = { task: 'the task', agent: 'claude' }

describe('what an agent is told first', () => {
  it('is the task', () => {
    expect(firstPrompt(runSpec({ request: agent }), join(dir, 's'), false)).toEqual({ text: 'the task' })
  })

  it('is the follow-up, when it is in its old session again', () => {
    const spec = runSpec({ request: { ...agent, task: 'now the docs', resumes: 's-0000000000' }, agentHandle: 'h' })
    expect(firstPrompt(spec, join(dir, 's'), true)).toEqual({ text: 'now the docs' })
  })

  it('is that its machine was lost, when it knows the rest', () => {
    const { text, notice } = firstPrompt(runSpec({ request: agent, attempt: 2 }), join(dir, 's'), true)
    expect(text).toMatch(/lost and replaced.*the task$/s)
    expect(notice).toBeUndefined()
  })

  it('is the task and what was said, when its session is gone', async () => {
    await leaveLog('s', SAID)
    const { text, notice } = firstPrompt(runSpec({ request: agent, attempt: 2 }), join(dir, 's'), false)
    expect(text).toMatch(/^the task\n.*I found the bug\.\n\(did: Edit a\.ts\)$/s)
    expect(notice).toContain('summary of the log')
  })

  it('is taken from the log of the session that it continues', async () => {
    await leaveLog('s-0000000000', SAID)
    const spec = runSpec({ request: { ...agent, task: 'now the docs', resumes: 's-0000000000' } })
    expect(firstPrompt(spec, join(dir, 's'), false).text).toMatch(/^now the docs\n.*I found the bug/s)
  })

  it('is the task alone when there is no log, and says so', () => {
    const { text, notice } = firstPrompt(runSpec({ request: agent, attempt: 2 }), join(dir, 's'), false)
    expect(text).toBe('the task')
    expect(notice).not.toContain('summary')
  })

  it('is never more than the command for a shell', () => {
    expect(firstPrompt(runSpec({ attempt: 2 }), join(dir, 's'), false)).toEqual({ text: 'true' })
  })
})
