import { expect, it } from 'vitest'
import { openToolEvents } from '../../../agent-bootstrap/agents/acp-tool-event.ts'
import { redactText } from '../../../core/domain/redaction.ts'

it('paths in the working directory are told relative to it', () => {
  const tell = openToolEvents('/sessions/s-1/work')
  const content = [{ type: 'diff' as const, path: '/sessions/s-1/work/src/a.ts', oldText: 'a', newText: 'b' }]
  expect(
    tell({
      toolCallId: 't',
      title: 'Edit /sessions/s-1/work/src/a.ts',
      kind: 'edit',
      content,
      locations: [{ path: '/sessions/s-1/work/src/a.ts', line: 3 }],
    }),
  ).toEqual({
    type: 'tool',
    id: 't',
    title: 'Edit src/a.ts',
    kind: 'edit',
    diff: [{ path: 'src/a.ts', before: 'a', after: 'b' }],
    locations: [{ path: 'src/a.ts', line: 3 }],
  })
})

it('only what is new is told', () => {
  const tell = openToolEvents('/w')
  tell({ toolCallId: 't', title: 'Run', status: 'pending', rawInput: { command: 'ls' } })
  expect(tell({ toolCallId: 't', title: 'Run', status: 'completed', rawInput: { command: 'ls' } })).toEqual({
    type: 'tool',
    id: 't',
    status: 'completed',
  })
  expect(tell({ toolCallId: 't', status: 'completed' })).toBeUndefined()
})

it('what is too long for a log is cut, and says so', () => {
  const tell = openToolEvents('/w')
  const told = tell({
    toolCallId: 't',
    rawInput: { content: 'x'.repeat(100_000) },
    content: [{ type: 'content', content: { type: 'text', text: 'y'.repeat(100_000) } }],
  })
  expect(JSON.stringify(told).length).toBeLessThan(66_000)
  expect(told).toMatchObject({ input: { omitted: expect.any(String) }, output: expect.stringContaining('36000 more characters') })
})

it('what a command printed is told without the fence around it', () => {
  const tell = openToolEvents('/w')
  const text = (body: string) => [{ type: 'content' as const, content: { type: 'text' as const, text: body } }]
  expect(tell({ toolCallId: 'a', content: text('```console\nhello\n```') })).toMatchObject({ output: 'hello' })
  expect(tell({ toolCallId: 'b', content: text('see ```x``` and\n```y```') })).toMatchObject({
    output: 'see ```x``` and\n```y```',
  })
})

it('a secret at the place where a long output is cut is hidden', () => {
  const secret = 'only-for-this-session'
  const tell = openToolEvents('/w', (text) => redactText([secret], text))
  const text = `${'a'.repeat(63_990)}${secret}${'b'.repeat(100)}`
  const told = tell({ toolCallId: 't', status: 'completed', content: [{ type: 'content', content: { type: 'text', text } }] })
  expect(told?.output).toHaveLength(64_000 + '\n… 100 more characters'.length)
  expect(told?.output).not.toContain('only-for')
})
