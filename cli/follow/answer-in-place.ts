import { createInterface } from 'node:readline'
import type { EventHead, LogEvent } from '../../core/contract/events.ts'
import type { InboxMessage } from '../../core/contract/inbox.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import type { Io } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import type { StateLine } from '../output/state-line.ts'

type Permission = Extract<EventHead, { type: 'permission' }>

const APPROVE = ['y', 'yes', 'a', 'approve']
const DENY = ['n', 'no', 'd', 'deny']

/** What was typed, as an answer: yes, no, the number of an option, or its id. Undefined when it is none of these. */
export const answerOf = (typed: string, { id, options }: Permission): InboxMessage | undefined => {
  const word = typed.trim().toLowerCase()
  if (APPROVE.includes(word)) return { kind: 'answer', permission: id, choice: 'approve' }
  if (DENY.includes(word)) return { kind: 'answer', permission: id, choice: 'deny' }
  const option = options[Number(word) - 1] ?? options.find((one) => one.id === typed.trim())
  return option && { kind: 'answer', permission: id, option: option.id }
}

type Asked = {
  io: Io
  connection: Connection
  session: string
  line: StateLine
  quiet: boolean
  /** Ends a line that the log left open, so that a question begins its own. */
  beginLine(): Promise<void>
}

export type AnswerInPlace = {
  see(events: readonly LogEvent[]): void
  changed(session: Session): void
  isAsking(): boolean
  end(): void
}

/** Its record may be here before its last words are. */
const SETTLE_MS = 150
const NOBODY: AnswerInPlace = { see: () => undefined, changed: () => undefined, isAsking: () => false, end: () => undefined }

/**
 * On a terminal: asks for permissions, the newest that is open, and takes what is typed while an interactive session waits as its
 * follow-up. Elsewhere it does nothing (`remote send` does both).
 */
export const answerInPlace = ({ io, connection, session, line, quiet, beginLine }: Asked): AnswerInPlace => {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true || quiet) return NOBODY
  const open = new Map<string, Permission>()
  let isIdle = false
  let reader: ReturnType<typeof createInterface> | undefined
  let settling: NodeJS.Timeout | undefined
  const asked = () => [...open.values()].at(-1)
  const close = () => {
    clearTimeout(settling)
    reader?.close()
    reader = undefined
  }

  const tell = (error: unknown) => {
    const text = error instanceof RemoteError ? error.message : String(error)
    io.stderr.write(`remote: it did not arrive: ${text}\n`)
  }

  const typed = (text: string) => {
    const question = asked()
    const followUp: InboxMessage | undefined = text.trim() === '' ? undefined : { kind: 'message', text }
    const message = question ? answerOf(text, question) : followUp
    if (!message) return ask()
    if (question) open.delete(question.id)
    else isIdle = false
    close()
    connection.post('/v1/sessions/:id/inbox', { param: { id: session }, json: message }).catch(tell)
    ask()
  }

  const ask = () => {
    const question = asked()
    if (!question && !isIdle) return close()
    line.say(undefined)
    if (!reader) {
      reader = createInterface({ input: io.stdin, output: io.stderr, terminal: false })
      reader.on('line', typed)
    }
    const choices = question?.options.map(({ name }, n) => `${n + 1} ${oneLine(name)}`).join(', ')
    io.stderr.write(question ? `allow? [y]es, [n]o${choices ? `, or ${choices}` : ''}: ` : 'you: ')
  }

  const askSoon = () => {
    clearTimeout(settling)
    settling = setTimeout(() => beginLine().then(ask, tell), SETTLE_MS)
  }

  return {
    see: (events) => {
      const before = open.size
      for (const { head } of events) {
        if (head.type === 'permission') open.set(head.id, head)
        if (head.type === 'answer') open.delete(head.id)
        if (head.type === 'end') open.clear()
      }
      if (open.size > before) ask()
      else if (open.size === 0 && isIdle && events.length > 0) askSoon()
      else if (open.size === 0) close()
    },
    changed: ({ waiting, state }) => {
      const now = waiting?.for === 'follow_up' && state === 'running'
      if (now === isIdle) return
      isIdle = now
      if (open.size > 0) return
      if (now) askSoon()
      else close()
    },
    isAsking: () => open.size > 0 || reader !== undefined,
    end: close,
  }
}
