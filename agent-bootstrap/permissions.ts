import type { EventBody } from '../core/contract/events.ts'
import type { AgentRun } from './agents/driver.ts'

/** Nobody answered for so long: the request is denied and the agent goes on. */
export const PERMISSION_DEADLINE_MS = 600_000

/** Watches the permission requests that pass, and denies those that nobody answers. */
export const openPermissions = (
  agent: () => AgentRun | undefined,
  notice: (text: string) => void,
  deadlineMs = PERMISSION_DEADLINE_MS,
) => {
  const timers = new Map<string, NodeJS.Timeout>()
  const clear = (id: string) => {
    clearTimeout(timers.get(id))
    timers.delete(id)
  }
  const deny = (id: string, title: string) => {
    clear(id)
    if (agent()?.answer({ permission: id, choice: 'deny', by: 'timeout' }))
      notice(`Nobody answered "${title}" for ${Math.round(deadlineMs / 60_000)} min: denied, and the agent goes on.`)
  }
  return {
    saw: (body: EventBody) => {
      if (body.type === 'permission')
        timers.set(
          body.id,
          setTimeout(() => deny(body.id, body.title), deadlineMs),
        )
      if (body.type === 'answer') clear(body.id)
    },
    close: () => {
      for (const id of [...timers.keys()]) clear(id)
    },
  }
}
