import { setTimeout as delay } from 'node:timers/promises'
import type { InboxItem } from '../core/contract/inbox.ts'
import { isCommand } from '../core/contract/is-command.ts'
import type { Outcome } from '../core/contract/outcome.ts'
import type { RunSpec } from '../core/contract/runner.ts'
import type { AgentRun, Emit, Waiting } from './agents/driver.ts'

const LOOK_AGAIN_MS = 250

export type TurnsOptions = {
  spec: RunSpec
  emit: Emit
  setWaiting(waiting: Waiting): void
  /** Brings what is in the inbox now; false when the control plane does not answer. */
  look(): Promise<boolean>
  /** Nothing more comes of what was being said. */
  onTurnEnd(): void
}

/** The conversation of a session: what the inbox brings becomes prompts, interrupts and answers, one turn after the other. */
export const openTurns = ({ spec, emit, setWaiting, look, onTurnEnd }: TurnsOptions) => {
  const queue: { n: number; text: string }[] = []
  /** What the agent was given without a sign that it has it: until then it can be lost with this machine. */
  let given: number | undefined
  let agent: AgentRun | undefined
  let inTurn = false
  let interrupted = false
  let arrived = Promise.withResolvers<void>()
  const takesMessages = !isCommand(spec.request.agent)

  const notice = (text: string) => void emit({ type: 'notice', level: 'warn', text })

  const onItem = ({ n, by, message }: InboxItem) => {
    if (message.kind === 'message') {
      if (!takesMessages) return notice(`A ${spec.request.agent} session takes no messages.`)
      queue.push({ n, text: message.text })
      arrived.resolve()
    } else if (message.kind === 'interrupt') {
      if (!agent || !inTurn) return notice('There was nothing to interrupt.')
      interrupted = true
      agent.interrupt().catch((error: unknown) => notice(`The agent could not be interrupted: ${error}`))
    } else if (!agent?.answer({ permission: message.permission, option: message.option, choice: message.choice, by })) {
      notice('An answer came, but no such permission was waiting.')
    }
  }

  const heard = () => {
    if (given === undefined) return
    given = undefined
    void look() // acknowledges it
  }

  const take = (): string | undefined => {
    const message = queue.shift()
    given = message?.n
    return message?.text
  }

  const next = async (wait: boolean): Promise<string | undefined> => {
    // A message may be there whose bell was not heard. Without an answer nobody knows: it may have been taken, and promised to be
    // handled, before the control plane went away. Telling it of the end has to wait for it, too.
    for (let known = queue.length > 0 || (await look()); !known && !wait; known = queue.length > 0 || (await look()))
      await delay(LOOK_AGAIN_MS)
    if (queue.length > 0 || !wait) return take()
    setWaiting({ for: 'follow_up' })
    while (queue.length === 0) {
      arrived = Promise.withResolvers<void>()
      await arrived.promise
    }
    setWaiting(undefined)
    return take()
  }

  /** Until there is nothing more to do. Never resolves by itself while the session waits for somebody: that is for `ends`. */
  const run = async (started: AgentRun, first: string): Promise<Outcome> => {
    agent = started
    for (let text: string | undefined = first; ; ) {
      if (takesMessages) await emit({ type: 'message', role: 'user', text })
      inTurn = true
      interrupted = false
      const { outcome } = await started.prompt(text)
      inTurn = false
      given = undefined
      onTurnEnd()
      setWaiting(undefined)
      if (!takesMessages) return outcome
      // Who interrupts wants to say something. What failed is for the user of an interactive session to decide on, too.
      text = await next(spec.request.interactive || interrupted)
      if (text === undefined) return outcome
    }
  }
  return {
    onItem,
    run,
    /** Of a session that would end now: what was said meanwhile. The agent may have been stopped since. */
    more: async (): Promise<string | undefined> => (takesMessages ? next(false) : undefined),
    untaken: () => given ?? queue[0]?.n,
    /** The agent does something: it has what it was given, and remembers it in its own session. */
    heard,
  }
}
export type Turns = ReturnType<typeof openTurns>
