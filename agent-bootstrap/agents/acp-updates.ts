import type { SessionUpdate } from '@agentclientprotocol/sdk'
import type { EventBody } from '../../core/contract/events.ts'
import { openSpeech } from './acp-speech.ts'
import { openToolEvents } from './acp-tool-event.ts'
import type { UsageCount } from './acp-usage.ts'
import type { Emit } from './driver.ts'

/** So many events may wait for the log before the agent's output is no longer read. */
const MAX_WAITING = 256

const levelOf = (severity: string): 'info' | 'warn' | 'error' =>
  severity === 'error' ? 'error' : severity === 'warning' ? 'warn' : 'info'

/**
 * Puts what an agent tells into the session's log, in the order it was told. `hide` covers secrets in what is cut short here;
 * everything is redacted on its way into the log.
 */
export const openUpdates = (emit: Emit, cwd: string, usage: UsageCount, hide: (text: string) => string) => {
  const toolEvent = openToolEvents(cwd, hide)
  let log = Promise.resolve()
  let waiting = 0
  let failure: unknown
  const put = (body: EventBody) => {
    waiting++
    log = log
      .then(() => emit(body))
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => {
        waiting--
      })
  }
  const speech = openSpeech(put)
  const other = (body: EventBody | undefined) => {
    if (!body) return
    speech.flush()
    put(body)
  }

  return {
    put: other,
    /** Everything told so far is in the log. Throws what the log threw. */
    settled: async () => {
      speech.flush()
      await log
      if (failure !== undefined) throw failure
    },
    /** Resolves when more may be read. */
    room: async () => {
      if (waiting > MAX_WAITING) await log
    },
    close: () => speech.close(),
    on: (update: SessionUpdate) => {
      switch (update.sessionUpdate) {
        case 'agent_message_chunk':
        case 'agent_thought_chunk':
          if (update.content.type === 'text')
            speech.say(update.sessionUpdate === 'agent_message_chunk' ? 'message' : 'thought', update.content.text)
          break
        case 'tool_call':
        case 'tool_call_update':
          other(toolEvent(update))
          break
        case 'plan':
          other({
            type: 'plan',
            entries: update.entries.map(({ content, status, priority }) => ({ text: content, status, priority })),
          })
          break
        case 'usage_update':
          if (usage.onUpdate(update)) other({ type: 'usage', ...usage.total() })
          break
        case 'notice':
          other({
            type: 'notice',
            level: levelOf(update.severity),
            text: [update.title, update.description].filter(Boolean).join(': '),
          })
          break
        // The user's own words are in the log already; commands, modes and titles are nothing a session's log tells.
        default:
      }
    },
  }
}
