import type { PermissionOption, RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk'
import type { EventBody } from '../../core/contract/events.ts'
import type { Answer, Waiting } from './driver.ts'

type Policy = 'auto' | 'ask' | 'deny'
type Pending = { title: string; options: PermissionOption[]; settle(response: RequestPermissionResponse): void }

const CANCELLED: RequestPermissionResponse = { outcome: { outcome: 'cancelled' } }
const selected = (optionId: string): RequestPermissionResponse => ({ outcome: { outcome: 'selected', optionId } })

/** Once before always: an `always` can be written into the repository's own settings. */
const optionFor = (options: readonly PermissionOption[], choice: 'approve' | 'deny'): PermissionOption | undefined => {
  const stem = choice === 'approve' ? 'allow' : 'reject'
  return options.find(({ kind }) => kind === `${stem}_once`) ?? options.find(({ kind }) => kind.startsWith(stem))
}

/** Permission requests of an agent, answered by policy or by whoever watches. What nobody answers is ended by the runner. */
export const openPermissionRequests = (
  policy: Policy,
  put: (body: EventBody) => void,
  setWaiting: (waiting: Waiting) => void,
  relative: (text: string) => string,
) => {
  const pending = new Map<string, Pending>()
  const used = new Set<string>()

  const showWaiting = () => {
    const [first] = pending.values()
    setWaiting(first ? { for: 'permission', what: first.title.slice(0, 2000) } : undefined)
  }

  const close = (id: string, response: RequestPermissionResponse, option: string, by: string) => {
    pending.get(id)?.settle(response)
    pending.delete(id)
    put({ type: 'answer', id, option, by })
    showWaiting()
  }

  return {
    request: ({ toolCall, options }: RequestPermissionRequest): Promise<RequestPermissionResponse> => {
      const allowed = optionFor(options, 'approve')
      if (policy === 'auto' && allowed) return Promise.resolve(selected(allowed.optionId))
      // A tool call may ask more than once; its answers must not be taken for each other.
      const id = used.has(toolCall.toolCallId) ? `${toolCall.toolCallId}.${used.size}` : toolCall.toolCallId
      used.add(id)
      const title = relative(toolCall.title ?? 'use a tool')
      put({ type: 'permission', id, title, options: options.map(({ optionId, name, kind }) => ({ id: optionId, name, kind })) })
      return new Promise((settle) => {
        pending.set(id, { title, options, settle })
        const denied = optionFor(options, 'deny')
        if (policy === 'ask') showWaiting()
        else close(id, denied ? selected(denied.optionId) : CANCELLED, denied?.optionId ?? 'cancelled', 'policy')
      })
    },
    answer: ({ permission, option, choice, by }: Answer): boolean => {
      const id = permission ?? pending.keys().next().value
      const request = id === undefined ? undefined : pending.get(id)
      if (id === undefined || !request) return false
      const chosen =
        option === undefined
          ? optionFor(request.options, choice ?? 'deny')
          : request.options.find(({ optionId }) => optionId === option)
      if (option !== undefined && !chosen) return false
      close(id, chosen ? selected(chosen.optionId) : CANCELLED, chosen?.optionId ?? 'cancelled', by)
      return true
    },
    /** The turn is cancelled, or the agent is gone: nothing waits any more. */
    cancel: (by: string) => {
      for (const id of [...pending.keys()]) close(id, CANCELLED, 'cancelled', by)
    },
  }
}
