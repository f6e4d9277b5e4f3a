import { expect, it } from 'vitest'
import { applyFact } from '../../../core/lifecycle/apply-fact.ts'
import { fakePorts } from '../../support/fakes/fake-ports.ts'
import { aSession } from '../../support/samples.ts'

const terminated = { outcome: 'terminated', code: 'terminated', reason: 'by ada' } as const
const asked = { type: 'stop-asked', how: 'graceful', by: 'ada', why: terminated } as const

const stored = async () => {
  const ports = fakePorts()
  const session = aSession(1)
  await ports.sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  let reads = 0
  const get = (id: string) => {
    reads += 1
    return ports.sessions.get(id)
  }
  const apply = applyFact({ ...ports, sessions: { ...ports.sessions, get, save: ports.sessions.save } })
  return { ports, session, apply, reads: () => reads }
}

it('a record that was just read is not read again', async () => {
  const { session, apply, reads } = await stored()
  expect(await apply(session.id, asked, session)).toMatchObject({ version: 2 })
  expect(reads()).toBe(0)
})

it('when somebody else was quicker, the fact is decided about again, and both are kept', async () => {
  const { ports, session, apply, reads } = await stored()
  await applyFact(ports)(session.id, { type: 'inbox-grown', items: [{ n: 1, by: 'bob', what: 'message' }] })
  expect(await apply(session.id, asked, session)).toMatchObject({ version: 3, inboxLast: 1, stop: { by: 'ada' } })
  expect(reads()).toBe(1)
})
