import type { InboxMessage } from '../../core/contract/inbox.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import { findSession } from '../find-session.ts'
import type { Flags } from '../flags.ts'
import { type Io, write } from '../io.ts'
import { readTask } from '../read-task.ts'
import type { Command } from '../verbs/verb.ts'

const answerOf = (flags: Flags): InboxMessage => {
  const permission = flags.text('permission')
  const option = flags.text('option')
  const choice = flags.on('approve') ? ('approve' as const) : flags.on('deny') ? ('deny' as const) : undefined
  return { kind: 'answer', ...(permission ? { permission } : {}), ...(option ? { option } : {}), ...(choice ? { choice } : {}) }
}

const messageOf = async (io: Io, words: readonly string[], flags: Flags): Promise<InboxMessage> => {
  const isAnswer = flags.on('approve') || flags.on('deny') || flags.has('option')
  const asked = [words.length > 0, flags.on('interrupt'), isAnswer].filter(Boolean).length
  if (asked !== 1 || (flags.on('approve') && flags.on('deny'))) {
    throw new RemoteError('usage', 'send takes one of: a text, --interrupt, --approve, --deny', {
      hint: 'for example: remote send s-7k3 "also add tests"',
    })
  }
  if (flags.on('interrupt')) return { kind: 'interrupt' }
  return isAnswer ? answerOf(flags) : { kind: 'message', text: await readTask(io, words, 'text') }
}

/** It takes what is sent to it a moment later, and may have asked or begun something meanwhile: its log has the last word. */
const said = (kind: InboxMessage['kind'], { id, waiting }: Session): string => {
  if (kind === 'answer')
    return waiting?.for === 'permission'
      ? 'it is answered'
      : `it is not known to ask anything; what it made of that: remote logs ${id}`
  if (waiting?.for !== 'follow_up') return kind === 'interrupt' ? 'it is interrupted' : 'it will read it when its turn is over'
  return kind === 'interrupt' ? 'it waits for you: there is nothing to interrupt' : 'it reads it now'
}

export const send: Command = async ({ io, args: [id = '', ...words], flags }) => {
  const message = await messageOf(io, words, flags)
  const { connection, session } = await findSession(io, id, { quiet: flags.on('quiet') })
  const item = await connection.post('/v1/sessions/:id/inbox', { param: { id: session.id }, json: message })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(item)}\n`)
  else if (!flags.on('quiet')) await write(io.stderr, `${said(message.kind, session)}\n`)
  return 0
}
