import type { Dispatch } from '../contract/dispatch.ts'
import { isCommand } from '../contract/is-command.ts'
import { MIN_SECRET_CHARACTERS } from '../contract/min-secret-characters.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import { instanceType } from '../domain/catalogue.ts'
import { isStaying } from '../domain/is-staying.ts'
import { unknownType } from '../domain/unknown-type.ts'
import type { Ports } from '../ports/ports.ts'
import { checkBudget } from './budget.ts'
import type { Settings } from './settings.ts'

type Needs = Pick<Ports, 'workspaces' | 'bundles' | 'sessions' | 'ledger' | 'clock'>

/** `cloud` of `cloud:eu-west-1`. */
const kindOf = (runtime: string) => runtime.split(':')[0]

const refuse = (message: string, hint: string) => new RemoteError('refused', message, { hint })

const checkAgent = ({ agents }: Settings, ask: Dispatch) => {
  if (isCommand(ask.agent) && ask.agentCommand !== undefined) {
    throw refuse(`the ${ask.agent} agent has no agent command`, 'leave --agent-command out')
  }
  if (ask.agentCommand === undefined && !agents.includes(ask.agent)) {
    throw refuse(
      `there is no agent ${ask.agent}`,
      `known: ${agents.join(', ')}; any other ACP agent: --agent-command "its command line"`,
    )
  }
}

const checkInstance = ({ architectures }: Settings, { instance }: Dispatch) => {
  if (instance === undefined) return
  const type = instanceType(instance)
  if (!type) throw unknownType(instance)
  if (architectures.includes(type.architecture)) return
  throw refuse(
    `${instance} is ${type.architecture}, and machines of this control plane are ${architectures.join(', ')}`,
    `deploy it for both: remote cloud deploy --set architectures=${[...architectures, type.architecture].join(',')}; or choose another --instance`,
  )
}

const checkPlace = ({ runtimes }: Settings, ask: Dispatch) => {
  if (!runtimes.includes(ask.runtime)) {
    throw new RemoteError('not_supported', `sessions cannot run on ${ask.runtime} from here`, {
      hint: `known: ${runtimes.join(', ')}`,
    })
  }
  const isBought = ask.instance !== undefined || ask.spot || ask.maxPriceUsd !== undefined
  if (isBought && !ask.runtime.startsWith('cloud')) {
    throw refuse(
      `${ask.runtime} has no instance types and no prices`,
      'leave out --instance, --spot and --max-price, or choose a cloud runtime with --on',
    )
  }
}

/** A disk goes with its session, not with the last one of a machine, so where there is one nothing is shared. */
const checkDisks = ({ id, request }: Session, workspace: string | undefined) => {
  // The same one is held, which is said below.
  if (workspace !== undefined && workspace === request.workspace) return
  if (request.workspace !== undefined)
    throw new RemoteError('not_supported', `the machine of ${id} has the disk of workspace ${request.workspace}`, {
      hint: 'machines with a workspace are not shared: dispatch without --with, or with another session',
    })
  if (workspace !== undefined)
    throw new RemoteError('not_supported', 'a machine that is shared has no workspace', {
      hint: 'leave out --workspace, or leave out --with',
    })
}

const checkShared = async ({ sessions }: Needs, ask: Dispatch) => {
  const { with: other, runtime, instance, spot, maxPriceUsd, workspace } = ask
  if (other === undefined) return
  if (instance !== undefined || spot || maxPriceUsd !== undefined)
    throw refuse(`it is to share the machine of ${other}, so none is bought`, 'leave out --instance, --spot and --max-price')
  const host = await sessions.get(other)
  if (!host)
    throw new RemoteError('not_found', `there is no session ${other} to share a machine with`, {
      hint: 'list them: remote status',
    })
  if (kindOf(host.request.runtime) !== kindOf(runtime))
    throw refuse(`session ${other} is on ${host.request.runtime}`, `run there: --on ${host.request.runtime}`)
  if (!isStaying(host))
    throw new RemoteError('conflict', `session ${other} ${host.state === 'ended' ? 'has ended' : 'is ending'}`, {
      hint: 'dispatch without --with, or with another session: remote status',
    })
  if (kindOf(runtime) === 'cloud') checkDisks(host, workspace)
}

const checkCredentials = ({ credentials }: Dispatch) => {
  const short = Object.keys(credentials).find((name) => (credentials[name] ?? '').length < MIN_SECRET_CHARACTERS)
  if (short === undefined) return
  throw refuse(
    `the value of ${short} is too short to be kept out of the log`,
    `a secret has at least ${MIN_SECRET_CHARACTERS} characters`,
  )
}

const checkWorkspace = async ({ workspaces }: Needs, ask: Dispatch) => {
  if (ask.workspace === undefined) return
  const workspace = await workspaces.get(ask.workspace)
  if (!workspace)
    throw refuse(`there is no workspace ${ask.workspace}`, `create it: remote workspace create --name ${ask.workspace}`)
  if (workspace.runtime !== ask.runtime) {
    throw refuse(`workspace ${ask.workspace} is on ${workspace.runtime}`, `run there: --on ${workspace.runtime}`)
  }
  if (workspace.movingTo !== undefined)
    throw new RemoteError('held', `workspace ${ask.workspace} is on its way to ${workspace.movingTo}`, {
      hint: `see how far it is: remote workspace show ${ask.workspace}`,
    })
  if (workspace.heldBy === undefined) return
  throw new RemoteError('held', `workspace ${ask.workspace} is held by ${workspace.heldBy}`, {
    hint: `wait for it (remote attach ${workspace.heldBy}) or end it (remote terminate ${workspace.heldBy})`,
  })
}

const checkRepository = async ({ bundles }: Needs, source: Dispatch['repository']) => {
  if (!source || (await bundles.chain(source.id, source.commit))) return
  throw new RemoteError('repository', `commit ${source.commit.slice(0, 12)} of ${source.name} has not been sent here`, {
    hint: 'dispatch again: what is missing is sent then',
  })
}

/** Anywhere else the home directory is the user's own. */
const checkHome = ({ home, runtime }: Dispatch) => {
  if (home && !runtime.startsWith('cloud'))
    throw refuse(
      `${runtime} has no home directory for a session's files`,
      'dotfiles are for machines in the cloud: remote cloud up',
    )
}

const checkResumed = async ({ sessions }: Needs, { resumes }: Dispatch) => {
  if (resumes === undefined) return
  const before = await sessions.get(resumes)
  if (!before)
    throw new RemoteError('not_found', `there is no session ${resumes} to resume`, { hint: 'list them: remote status --all' })
  if (before.state === 'ended') return
  throw new RemoteError('conflict', `session ${resumes} has not ended`, { hint: `tell it: remote send ${resumes} "…"` })
}

/** Everything that can be known to be wrong with a request, before anything is recorded or started for it. Answers it as it is to run. */
export const checkDispatch =
  (ports: Needs, settings: Settings) =>
  async (ask: Dispatch): Promise<Dispatch> => {
    checkAgent(settings, ask)
    checkInstance(settings, ask)
    checkPlace(settings, ask)
    checkCredentials(ask)
    await checkShared(ports, ask)
    await checkWorkspace(ports, ask)
    checkHome(ask)
    await checkRepository(ports, ask.repository)
    await checkRepository(ports, ask.home)
    await checkResumed(ports, ask)
    await checkBudget(ports, settings)(ask)
    return settings.admit(ask)
  }
