import type { Dispatch } from '../contract/dispatch.ts'
import { isCommand } from '../contract/is-command.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Resume } from '../contract/resume.ts'
import type { Session } from '../contract/session.ts'
import type { Ports } from '../ports/ports.ts'
import { type Accepted, type Caller, dispatch } from './dispatch.ts'
import { sessionOf } from './session-of.ts'
import type { Settings } from './settings.ts'

const checkResumable = ({ id, request, state }: Session) => {
  if (isCommand(request.agent)) {
    throw new RemoteError('not_supported', `a ${request.agent} session cannot be resumed`, {
      hint: request.agent === 'shell' ? 'run it again: remote dispatch --agent shell "…"' : 'open another: remote connect',
    })
  }
  if (state === 'ended') return
  throw new RemoteError('conflict', `session ${id} has not ended`, { hint: `tell it: remote send ${id} "…"` })
}

const HOW: Record<string, string> = {
  setup: 'take the secret out of [setup], name it with --secret, and dispatch anew',
  agentCommand: 'name the secret with --secret, let --agent-command read its variable, and dispatch anew',
  cwd: 'dispatch anew',
}

/** What held a secret is not known any more: run with what the record shows instead, it would do something else. */
const checkHidden = ({ id, hidden = [], request: before }: Session, request: Dispatch) => {
  const isGone = (field: string) => {
    const name = field.startsWith('env.') ? field.slice('env.'.length) : undefined
    if (name === undefined) return true
    return Object.hasOwn(request.env, name) && request.env[name] === before.env[name]
  }
  const field = hidden.find(isGone)
  if (field === undefined) return
  const name = field.replace(/^env\./, '')
  throw new RemoteError('refused', `${name} of session ${id} held a secret, so it was not recorded as it was`, {
    hint: HOW[field] ?? `give it anew: remote resume ${id} --env ${name}=… "…"`,
  })
}

/** A new session that continues an ended one: its branch, its agent's memory, its settings but for what is given anew. */
export const resume = (ports: Ports, settings: Settings) => {
  const accept = dispatch(ports, settings)
  return async (prefix: string, { text, ...anew }: Resume, caller: Caller): Promise<Accepted> => {
    const before = await sessionOf(ports)(prefix)
    checkResumable(before)
    const given = Object.fromEntries(Object.entries(anew).filter(([, value]) => value !== undefined))
    // The machine it shared is gone, or is others' by now.
    const { with: _, ...asked } = before.request
    const { Dispatch } = await import('../contract/dispatch.ts')
    const request = Dispatch.parse({ ...asked, ...given, task: text, resumes: before.id })
    checkHidden(before, request)
    return accept(request, caller)
  }
}
