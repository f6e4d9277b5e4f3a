import { describe, expect, it } from 'vitest'
import { openEventLog } from '../../../agent-bootstrap/event-log.ts'
import type { EventBody } from '../../../core/contract/events.ts'
import { encodeRecord } from '../../../core/contract/records.ts'
import { prepareRedaction } from '../../../core/domain/redaction.ts'

const SECRET = 'swordfish-1234'
const open = () => {
  const events: { body: EventBody; text: string }[] = []
  const append = async (body: EventBody, bytes?: Uint8Array) => {
    events.push({ body, text: bytes ? Buffer.from(bytes).toString() : '' })
  }
  return { events, log: openEventLog({ append }, prepareRedaction([{ name: 'T', value: SECRET }])) }
}
const bytes = (text: string) => new TextEncoder().encode(text)
const agentSays = (text: string): EventBody => ({ type: 'message', role: 'agent', text })

describe('the event log', () => {
  it('hides a secret that comes in pieces, per stream', async () => {
    const { events, log } = open()
    void log.emit({ type: 'output', stream: 'stdout' }, bytes('a sword'))
    void log.emit({ type: 'output', stream: 'stderr' }, bytes('swordfish-'))
    void log.emit({ type: 'output', stream: 'stdout' }, bytes('fish-1234 b'))
    void log.emit({ type: 'output', stream: 'stderr' }, bytes('123'))
    log.flush()
    expect(events.map(({ text }) => text)).toEqual(['a ', '[redacted:T] b', 'swordfish-123'])
  })

  it('holds a prompt back for 50 ms at most, when fewer than 4 bytes could begin a secret', async () => {
    const { events, log } = open()
    void log.emit({ type: 'output', stream: 'stdout' }, bytes('Passwords'))
    expect(events.map(({ text }) => text)).toEqual(['Password'])
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect(events.map(({ text }) => text)).toEqual(['Password', 's'])
    void log.emit({ type: 'output', stream: 'stdout' }, bytes('wordfish-1234!'))
    expect(events.at(-1)?.text).toBe('[redacted:T]!')
  })

  it('hides a secret that an agent says in pieces, and keeps the order of its words', () => {
    const { events, log } = open()
    void log.emit(agentSays('It is swordf'))
    void log.emit(agentSays('ish-1234. And swor'))
    void log.emit({ type: 'tool', id: '1', title: `echo ${SECRET}`, input: { command: ['echo', SECRET], [SECRET]: 1 } })
    expect(events.map(({ body }) => body)).toEqual([
      agentSays('It is '),
      agentSays('[redacted:T]. And '),
      agentSays('swor'),
      { type: 'tool', id: '1', title: 'echo [redacted:T]', input: { command: ['echo', '[redacted:T]'], '[redacted:T]': 1 } },
    ])
  })

  it('does not wait for more when the agent turns to something else', () => {
    const { events, log } = open()
    void log.emit(agentSays('s'))
    void log.emit({ type: 'thought', text: 'hm' })
    expect(events.map(({ body }) => body.type)).toEqual(['message', 'thought'])
  })

  it('cuts what is said at length into pieces that a reader takes, between characters, hiding secrets first', () => {
    const { events, log } = open()
    const text = `${'é€😀'.repeat(70_000)}${SECRET}${'x'.repeat(1 << 20)}`
    for (const body of [agentSays(text), { type: 'message', role: 'user', text } as const, { type: 'thought', text } as const])
      void log.emit(body)
    log.flush()
    const said = Map.groupBy(events, ({ body }) => `${body.type} ${'role' in body ? body.role : ''}`)
    expect([...said.keys()]).toEqual(['message agent', 'message user', 'thought '])
    for (const pieces of said.values()) {
      const texts = pieces.map(({ body }) => ('text' in body ? body.text : ''))
      expect(texts.join('') === text.replace(SECRET, '[redacted:T]')).toBe(true)
      expect(Math.max(...texts.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(65_536)
    }
  })

  it('shortens an event that names so much that nobody could read it, and keeps what answers it', () => {
    const { events, log } = open()
    const long = '\0'.repeat(1 << 20)
    const option = { id: 'yes', name: long, kind: 'allow_once' }
    void log.emit({
      type: 'permission',
      id: 'p-1',
      title: long,
      options: [option, ...Array(20_000).fill({ id: 'no', name: 'No', kind: 'reject_once' })],
    })
    void log.emit({ type: 'plan', entries: Array(130_000).fill({ text: 'think', status: 'pending' }) })
    void log.emit({ type: 'plan', entries: Array(6).fill({ text: long, status: long, priority: '' }) })
    void log.emit({ type: 'tool', id: 't', title: 'edit', kind: 'edit', diff: [{ path: 'a', after: long }] })
    for (const { body } of events) expect(encodeRecord({ seq: 1, at: '', ...body }).length).toBeLessThan(4 << 20)
    expect(events.map(({ body }) => body)).toMatchObject([
      { type: 'permission', id: 'p-1', options: expect.arrayContaining([expect.objectContaining({ id: 'yes' })]) },
      { type: 'plan', entries: expect.arrayContaining([{ text: 'think', status: 'pending' }]) },
      { type: 'plan' },
      { type: 'tool', id: 't', title: 'edit' },
    ])
  })
})
