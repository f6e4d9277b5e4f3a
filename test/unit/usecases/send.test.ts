import { describe, expect, it } from 'vitest'
import { applyFact } from '../../../core/lifecycle/apply-fact.ts'
import { apiWorld } from '../../support/api-world.ts'
import { runningSession } from '../../support/running-session.ts'

describe('send', () => {
  it('goes to the inbox, rings and is noted without its text', async () => {
    const { plane, id, ports, record } = await runningSession({ agent: 'claude' })
    expect(await plane.send(id, { kind: 'message', text: 'also tests' }, 'bob')).toMatchObject({ n: 1, by: 'bob' })
    expect([(await record()).inboxLast, ports.doorbell.rung]).toEqual([1, [id]])
    const { entries } = await plane.timeline(id)
    expect(entries.at(-1)).toMatchObject({ by: 'bob', what: 'sent', detail: { n: 1, kind: 'message' } })
    expect(JSON.stringify(entries)).not.toContain('also tests')
  })

  it('is kept as it was typed for the machine alone: records, answers and timeline show no secret', async () => {
    const secret = 'hünter "two"'
    const world = apiWorld()
    await world.plane.setSecret('TOKEN', secret, 'ada')
    const { plane, id, ports, done, walk } = await runningSession({ agent: 'claude', secrets: ['TOKEN'] }, world)
    const texts = [`log in with ${secret}`, 'nothing secret', `again ${secret}`]
    const answers = await Promise.all(texts.map((text) => plane.send(id, { kind: 'message', text }, 'bob')))
    const kept = [await ports.inbox.after(id, 0), answers, await plane.timeline(id), await plane.get(id)]
    expect(JSON.stringify(kept)).not.toContain('hünter')
    expect(JSON.stringify(answers)).not.toContain('original')
    const { items } = await plane.inboxAfter(id, 1, 0)
    expect(items.map(({ message }) => message.kind === 'message' && message.text).sort()).toEqual(texts.toSorted())
    expect(items.some(({ message }) => 'original' in message)).toBe(false)
    expect((await plane.hello(id, 1, { runnerVersion: '1' })).secrets).toEqual({ TOKEN: secret })
    await done({ inboxHandled: 3 })
    await walk()
    expect(ports.secrets.keepers).toEqual([])
  })

  it('leaves a note of each message, in order, however many come at the same time', async () => {
    const { plane, id, record } = await runningSession({ agent: 'claude' })
    const people = ['ada', 'bob', 'eve', 'dan']
    await Promise.all(people.map((by) => plane.send(id, { kind: 'message', text: 'x' }, by)))
    const sent = (await plane.timeline(id)).entries.filter(({ what }) => what === 'sent')
    expect(sent.map(({ detail }) => detail?.['n'])).toEqual([1, 2, 3, 4])
    expect(sent.map(({ by }) => by).sort()).toEqual(people.toSorted())
    expect((await record()).inboxLast).toBe(4)
  })

  it('is noted with the next beat when its sender crashed as soon as it was stored', async () => {
    const { plane, id, ports, record } = await runningSession({ agent: 'claude' })
    await ports.inbox.append(id, { kind: 'message', text: 'x' }, 'bob')
    await plane.beat(id, 1, { position: { attempt: 1, seq: 1 }, inboxHandled: 0, flags: {} })
    expect((await plane.timeline(id)).entries.at(-1)).toMatchObject({ by: 'bob', what: 'sent', detail: { n: 1 } })
    expect((await record()).inboxLast).toBe(1)
  })

  it('that the agent no longer looked at is said: in the timeline, and to who asks', async () => {
    const { plane, id, done, walk } = await runningSession({ agent: 'claude' })
    for (const text of ['one', 'two', 'three']) await plane.send(id, { kind: 'message', text }, 'bob')
    await done({ inboxHandled: 1 })
    await walk()
    expect((await plane.timeline(id)).entries.at(-2)).toMatchObject({ what: 'not handled', detail: { first: 2, last: 3 } })
    const { says, next } = await plane.explain(id)
    expect(says.at(-1)).toContain('last 2 things that were sent to it were not handled')
    expect(next).toContain(`remote resume ${id} "…"`)
  })

  it.each(['ends', 'has ended'])('that comes while the session %s is refused, and leaves nothing secret behind', async (when) => {
    const world = apiWorld()
    await world.plane.setSecret('TOKEN', 'hunter-two', 'ada')
    const { plane, id, ports, done, walk } = await runningSession({ agent: 'claude', secrets: ['TOKEN'] }, world)
    const { append } = ports.inbox
    ports.inbox.append = async (...item) => {
      await done()
      if (when === 'has ended') await walk()
      return append(...item)
    }
    await expect(plane.send(id, { kind: 'message', text: 'hunter-two' }, 'bob')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining(`remote resume ${id}`),
    })
    await walk()
    expect(ports.secrets.keepers).toEqual([])
    const notes = (await plane.timeline(id)).entries.filter(({ by, what }) => by === 'bob' && what === 'sent too late')
    expect(notes).toHaveLength(when === 'ends' ? 1 : 0)
  })

  it('to an ended session says how to go on', async () => {
    const { plane, id, done, walk } = await runningSession({ agent: 'claude' })
    await done()
    await walk()
    await expect(plane.send(id, { kind: 'interrupt' }, 'ada')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining(`remote resume ${id}`),
    })
  })

  it('to a command can only interrupt', async () => {
    const { plane, id } = await runningSession()
    await expect(plane.send(id, { kind: 'message', text: 'hi' }, 'ada')).rejects.toMatchObject({ code: 'not_supported' })
    expect(await plane.send(id, { kind: 'interrupt' }, 'ada')).toMatchObject({ n: 1 })
  })
})

describe('typing at a terminal', () => {
  const typed = { type: 'typed', by: 'bob', connection: 'c-1' } as const

  it('is noted by who typed and over which connection, never what', async () => {
    const { plane, id, ports, call } = await runningSession({ agent: 'terminal' })
    await applyFact(ports)(id, typed)
    expect((await plane.timeline(id)).entries.at(-1)).toMatchObject({ by: 'bob', what: 'typed', detail: { connection: 'c-1' } })
    const { json } = await call({ method: 'GET', path: '/v1/audit' })
    expect(json.entries[0]).toMatchObject({ by: 'bob', what: 'typed', on: `session ${id}`, ended: { code: 'done' } })
  })

  it('means nothing where there is none, or none any more', async () => {
    const agent = await runningSession({ agent: 'claude' })
    await applyFact(agent.ports)(agent.id, typed)
    const { ports, id, done, walk, what } = await runningSession({ agent: 'terminal' })
    await done()
    await walk()
    await applyFact(ports)(id, typed)
    for (const notes of [await agent.what(), await what()]) expect(notes).not.toContain('typed')
  })
})
