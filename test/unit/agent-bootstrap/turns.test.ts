import { describe, expect, it } from 'vitest'
import type { AgentRun, Answer, Turn, Waiting } from '../../../agent-bootstrap/agents/driver.ts'
import { openEnds } from '../../../agent-bootstrap/ends.ts'
import { openPermissions } from '../../../agent-bootstrap/permissions.ts'
import { openTurns } from '../../../agent-bootstrap/turns.ts'
import type { EventBody } from '../../../core/contract/events.ts'
import type { InboxMessage } from '../../../core/contract/inbox.ts'
import type { RunSpec } from '../../../core/contract/runner.ts'
import { runSpec } from '../../support/fake-control-plane.ts'

const OK: Turn = { outcome: { outcome: 'succeeded', code: 'end_turn', reason: 'done' } }
const CANCELLED: Turn = { outcome: { outcome: 'failed', code: 'cancelled', reason: 'cancelled' } }

/** An agent whose turns end when the test says so. */
const openAgent = () => {
  const prompts: string[] = []
  const answers: Answer[] = []
  let turn = Promise.withResolvers<Turn>()
  let asked = Promise.withResolvers<void>()
  const run: AgentRun = {
    handle: () => 'h1',
    prompt: (text) => {
      prompts.push(text)
      asked.resolve()
      return turn.promise
    },
    interrupt: async () => end(CANCELLED),
    answer: (answer) => {
      answers.push(answer)
      return answer.permission === 'p1' || answer.permission === undefined
    },
    stop: async () => {},
    kill: () => {},
  }
  const end = (how: Turn) => {
    const ending = turn
    turn = Promise.withResolvers<Turn>()
    asked = Promise.withResolvers<void>()
    ending.resolve(how)
  }
  return { run, prompts, answers, end, asked: () => asked.promise }
}

const open = (request: Partial<RunSpec['request']> = {}) => {
  const agent = openAgent()
  const events: EventBody[] = []
  const waits: Waiting[] = []
  let n = 0
  let inbox: InboxMessage[] = []
  /** Looks that nobody answers. */
  const away = { looks: 0 }
  const waiting = Promise.withResolvers<void>()
  const turns = openTurns({
    spec: runSpec({ request: { agent: 'claude', ...request } }),
    emit: async (body) => {
      events.push(body)
    },
    setWaiting: (wait) => {
      waits.push(wait)
      if (wait) waiting.resolve()
    },
    look: async () => {
      if (away.looks > 0) {
        away.looks -= 1
        return false
      }
      for (const message of inbox.splice(0)) turns.onItem({ n: ++n, at: '', by: 'ann', message })
      return true
    },
    onTurnEnd: () => {},
  })
  const send = (message: InboxMessage) => turns.onItem({ n: ++n, at: '', by: 'ann', message })
  const leave = (message: InboxMessage) => {
    inbox = [...inbox, message]
  }
  return { agent, events, waits, turns, send, leave, away, waiting: waiting.promise }
}
const notices = (events: EventBody[]) => events.flatMap((body) => (body.type === 'notice' ? [body.text] : []))

describe('the turns of an agent session', () => {
  it('end with the first one when nothing is in the inbox', async () => {
    const { agent, turns, events } = open()
    const ended = turns.run(agent.run, 'do it')
    await agent.asked()
    agent.end(OK)
    expect(await ended).toEqual(OK.outcome)
    expect(events).toEqual([{ type: 'message', role: 'user', text: 'do it' }])
  })

  it('take a message that came during a turn as the next prompt', async () => {
    const { agent, turns, send } = open()
    const ended = turns.run(agent.run, 'do it')
    await agent.asked()
    send({ kind: 'message', text: 'and this' })
    expect(turns.untaken()).toBe(1)
    agent.end(OK)
    await agent.asked()
    expect(turns.untaken()).toBe(1) // it may not have it yet
    turns.heard()
    expect(turns.untaken()).toBeUndefined()
    agent.end(OK)
    await ended
    expect(agent.prompts).toEqual(['do it', 'and this'])
  })

  it('find a message whose bell was not heard', async () => {
    const { agent, turns, leave } = open()
    const ended = turns.run(agent.run, 'do it')
    await agent.asked()
    leave({ kind: 'message', text: 'late' })
    agent.end(OK)
    await agent.asked()
    agent.end(OK)
    await ended
    expect(agent.prompts).toEqual(['do it', 'late'])
  })

  it('do not end while nobody can say whether a message was taken', async () => {
    const { agent, turns, leave, away } = open()
    const ended = turns.run(agent.run, 'do it')
    await agent.asked()
    leave({ kind: 'message', text: 'taken before' })
    away.looks = 2
    agent.end(OK)
    await agent.asked()
    agent.end(OK)
    await ended
    expect(agent.prompts).toEqual(['do it', 'taken before'])
  })

  it('of an interactive session wait for a follow-up', async () => {
    const { agent, turns, send, waits, waiting } = open({ interactive: true })
    void turns.run(agent.run, 'do it')
    await agent.asked()
    agent.end(OK)
    await waiting
    expect(waits.at(-1)).toEqual({ for: 'follow_up' })
    send({ kind: 'message', text: 'more' })
    await agent.asked()
    expect(agent.prompts).toEqual(['do it', 'more'])
    expect(waits.at(-1)).toBeUndefined()
  })

  it('wait after an interrupt, for what the user wants to say', async () => {
    const { agent, turns, send, waiting } = open()
    const ended = turns.run(agent.run, 'do it')
    await agent.asked()
    send({ kind: 'interrupt' })
    await waiting
    send({ kind: 'message', text: 'rather this' })
    await agent.asked()
    agent.end(OK)
    expect(await ended).toEqual(OK.outcome)
    expect(agent.prompts).toEqual(['do it', 'rather this'])
  })

  it('pass answers on, and say when nothing was asked', async () => {
    const { agent, turns, send, events } = open()
    void turns.run(agent.run, 'do it')
    await agent.asked()
    send({ kind: 'answer', permission: 'p1', option: 'yes' })
    send({ kind: 'answer', permission: 'p2', choice: 'deny' })
    expect(agent.answers).toEqual([
      { permission: 'p1', option: 'yes', choice: undefined, by: 'ann' },
      { permission: 'p2', option: undefined, choice: 'deny', by: 'ann' },
    ])
    expect(notices(events)).toEqual(['An answer came, but no such permission was waiting.'])
  })
})

describe('a permission', () => {
  it('that nobody answers is denied, and the log says so', async () => {
    const agent = openAgent()
    const said = Promise.withResolvers<string>()
    const permissions = openPermissions(() => agent.run, said.resolve, 30)
    permissions.saw({ type: 'permission', id: 'p1', title: 'rm -r build', options: [] })
    expect(await said.promise).toContain('rm -r build')
    expect(agent.answers).toEqual([{ permission: 'p1', choice: 'deny', by: 'timeout' }])
  })

  it('that was answered is left alone', async () => {
    const agent = openAgent()
    const permissions = openPermissions(
      () => agent.run,
      () => {},
      20,
    )
    permissions.saw({ type: 'permission', id: 'p1', title: 't', options: [] })
    permissions.saw({ type: 'answer', id: 'p1', option: 'yes', by: 'ann' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(agent.answers).toEqual([])
  })
})

describe('the ends that clocks and budgets decide', () => {
  const limits = { ttlSeconds: null, idleSeconds: null, maxCostUsd: null, usage: { inputTokens: 0, outputTokens: 0, costUsd: 1 } }

  it('idle: a session that waits for nobody for too long', async () => {
    const ends = openEnds({ ...limits, idleSeconds: 0.03 })
    ends.setIdle(true)
    ends.setIdle(false)
    ends.setIdle(true)
    expect((await ends.decided).why).toMatchObject({ outcome: 'expired', code: 'idle' })
  })

  it('idle does not end a session that works', async () => {
    const ends = openEnds({ ...limits, idleSeconds: 0.02 })
    ends.setIdle(true)
    ends.setIdle(false)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(ends.isDecided()).toBe(false)
  })

  it('max-cost counts what this attempt spent on top of what was spent before', async () => {
    const ends = openEnds({ ...limits, maxCostUsd: 0.5 })
    ends.onUsage({ inputTokens: 1, outputTokens: 1, costUsd: 1.49 })
    expect(ends.isDecided()).toBe(false)
    ends.onUsage({ inputTokens: 1, outputTokens: 1, costUsd: 1.5 })
    expect((await ends.decided).why).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
  })

  it('a later end changes the speed, never the reason', async () => {
    const ends = openEnds({ ...limits, ttlSeconds: 0.01 })
    await ends.decided
    ends.onAnswer({ budgetLeftUsd: null, stop: { how: 'now', why: { outcome: 'terminated', code: 'terminated', reason: '' } } })
    await ends.hurried
    expect((await ends.decided).why.code).toBe('ttl')
    ends.close()
  })
})
