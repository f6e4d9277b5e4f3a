import { expect, it } from 'vitest'
import { openPermissionRequests } from '../../../agent-bootstrap/agents/acp-permissions.ts'
import type { EventBody } from '../../../core/contract/events.ts'

const OPTIONS = [
  { optionId: 'always', name: 'Always', kind: 'allow_always' as const },
  { optionId: 'once', name: 'Once', kind: 'allow_once' as const },
  { optionId: 'no', name: 'No', kind: 'reject_once' as const },
]
const open = (policy: 'auto' | 'ask' | 'deny') => {
  const events: EventBody[] = []
  const waits: unknown[] = []
  const permissions = openPermissionRequests(
    policy,
    (body) => events.push(body),
    (waiting) => waits.push(waiting),
    (text) => text,
  )
  const request = (toolCallId: string) =>
    permissions.request({ sessionId: 's', toolCall: { toolCallId, title: `use ${toolCallId}` }, options: OPTIONS })
  return { permissions, request, events, waits }
}
const chosen = (optionId: string) => ({ outcome: { outcome: 'selected', optionId } })

it('auto allows once, never for always', async () => {
  const { request, events } = open('auto')
  expect(await request('t')).toEqual(chosen('once'))
  expect(events).toEqual([])
})

it('deny rejects, and the log says what and by whom', async () => {
  const { request, events } = open('deny')
  expect(await request('t')).toEqual(chosen('no'))
  expect(events).toMatchObject([
    { type: 'permission', id: 't' },
    { type: 'answer', id: 't', option: 'no', by: 'policy' },
  ])
})

it('ask waits for each answer in turn', async () => {
  const { permissions, request, waits } = open('ask')
  const [first, second] = [request('a'), request('b')]
  expect(permissions.answer({ choice: 'approve', by: 'me' })).toBe(true)
  expect(await first).toEqual(chosen('once'))
  expect(waits.at(-1)).toEqual({ for: 'permission', what: 'use b' })
  expect(permissions.answer({ permission: 'a', choice: 'approve', by: 'me' })).toBe(false)
  expect(permissions.answer({ permission: 'b', option: 'always', by: 'me' })).toBe(true)
  expect(await second).toEqual(chosen('always'))
  expect(waits.at(-1)).toBeUndefined()
})

it('an option that was not offered answers nothing', async () => {
  const { permissions, request } = open('ask')
  const answer = request('a')
  expect(permissions.answer({ option: 'root', by: 'me' })).toBe(false)
  permissions.cancel('interrupt')
  expect(await answer).toEqual({ outcome: { outcome: 'cancelled' } })
})

it('a tool call that asks twice is answered twice', async () => {
  const { permissions, request, events } = open('ask')
  const first = request('a')
  permissions.answer({ choice: 'deny', by: 'me' })
  await first
  void request('a')
  const ids = events.flatMap((event) => (event.type === 'permission' ? [event.id] : []))
  expect(new Set(ids).size).toBe(2)
})
