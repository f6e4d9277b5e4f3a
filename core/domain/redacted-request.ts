import type { Session } from '../contract/session.ts'
import { canonicalJson } from './canonical-json.ts'

type Request = Session['request']

/** Where, of what decides how a session runs, `shown` is not as `request`. The task is not among it: whoever resumes gives a new one. */
export const hiddenFields = (request: Request, shown: Request): string[] => [
  ...Object.keys(request.env).flatMap((name) => (request.env[name] === shown.env[name] ? [] : [`env.${name}`])),
  ...(['setup', 'agentCommand', 'cwd'] as const).filter((name) => canonicalJson(request[name]) !== canonicalJson(shown[name])),
]

/** The request as it may be recorded: `hide` covers secrets wherever a person wrote freely. Ids and names stay usable. */
export const redactedRequest = (request: Request, hide: (text: string) => string): Request => {
  const shown: Request = { ...request, task: hide(request.task) }
  shown.env = Object.fromEntries(Object.entries(request.env).map(([name, value]) => [name, hide(value)]))
  if (request.agentCommand !== undefined) shown.agentCommand = hide(request.agentCommand)
  if (request.setup) shown.setup = { ...request.setup, commands: request.setup.commands.map(hide) }
  if (request.cwd !== undefined) shown.cwd = hide(request.cwd)
  if (request.repository) {
    const { branch, name } = request.repository
    shown.repository = { ...request.repository, name: hide(name), ...(branch === undefined ? {} : { branch: hide(branch) }) }
  }
  return shown
}
