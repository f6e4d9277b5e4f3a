import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEvent } from '../core/contract/events.ts'
import { isCommand } from '../core/contract/is-command.ts'
import { decodeRecords } from '../core/contract/records.ts'
import type { RunSpec } from '../core/contract/runner.ts'

const SUMMARY_CHARACTERS = 12_000
/** Of a long log the end is enough; its files have 8 MB each. */
const READ_FILES = 3

/** Text events of a log, oldest first, as far as they are here and whole. */
const eventsOf = (logDir: string): LogEvent[] => {
  try {
    const files = readdirSync(logDir, { recursive: true, encoding: 'utf8' }).filter((name) => /^\d+\/\d{12}$/.test(name))
    const order = (name: string) => name.split('/').map(Number) as [number, number]
    files.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1])
    return files.slice(-READ_FILES).flatMap((name) => decodeRecords(readFileSync(join(logDir, name))).events)
  } catch {
    return [] // another machine's log, or a torn one: then there is less to say
  }
}

/** For an agent that starts a new session within one of ours: `text` is what would have come next. */
export const begunAnew = (task: string, text: string): { text: string; notice: string } => ({
  text: `${task}\n\n${text}`,
  notice: "The agent's own session could not be resumed: it starts a new one with the task.",
})

/** What was said and done, the latest part of it. */
const summary = (events: readonly LogEvent[]): string => {
  const says = events.flatMap(({ head }) => {
    if (head.type === 'message') return [head.role === 'user' ? `\nUser: ${head.text}\n` : head.text]
    if (head.type === 'tool' && head.title && head.status === 'completed') return [`\n(did: ${head.title})\n`]
    return []
  })
  return says.join('').trim().slice(-SUMMARY_CHARACTERS)
}

/**
 * What the agent is told first. `resumed`: it is in its old session again and knows what was said. Without that, a session
 * that goes on gets the task and a summary of the log; `notice` says so.
 */
export const firstPrompt = (spec: RunSpec, sessionDir: string, resumed: boolean): { text: string; notice?: string } => {
  const { task, agent, resumes } = spec.request
  const again = spec.attempt > 1
  if (isCommand(agent) || (!again && resumes === undefined)) return { text: task }
  if (resumed)
    return {
      text: again
        ? `The machine you worked on was lost and replaced; your files and this conversation are as they last were saved. Go on with what you were doing. The task was:\n\n${task}`
        : task,
    }
  const before = [
    ...(resumes ? eventsOf(join(sessionDir, '..', resumes, 'log')) : []),
    ...(again ? eventsOf(join(sessionDir, 'log')) : []),
  ]
  const said = summary(before)
  const notice = `The agent's own session could not be resumed: it starts a new one, with the task${said ? ' and a summary of the log' : ''}.`
  if (!said) return { text: task, notice }
  return {
    text: `${task}\n\nYou worked on this before, in a session that cannot be resumed. The files are as you left them. The end of what was said:\n\n${said}`,
    notice,
  }
}
