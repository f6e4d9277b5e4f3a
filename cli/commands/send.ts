import type { InboxMessage } from '../../core/contract/inbox.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
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

const SAID = {
  message: 'it will read it when its turn is over',
  interrupt: 'it is interrupted',
  answer: 'it is answered',
} as const

export const send: Command = async ({ io, args: [id = '', ...words], flags }) => {
  const message = await messageOf(io, words, flags)
  const { connection, session } = await findSession(io, id, { quiet: flags.on('quiet') })
  const item = await connection.post('/v1/sessions/:id/inbox', { param: { id: session.id }, json: message })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(item)}\n`)
  else if (!flags.on('quiet')) await write(io.stderr, `${SAID[message.kind]}\n`)
  return 0
}
