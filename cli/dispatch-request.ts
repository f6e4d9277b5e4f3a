import type { DispatchInput } from '../core/contract/dispatch.ts'
import { RemoteError } from '../core/contract/remote-error.ts'
import { capturedCredentials, capturedEnvironment } from './environment.ts'
import type { Flags } from './flags.ts'
import type { Project } from './settings.ts'

type Limits = Pick<DispatchInput, 'approve' | 'interactive' | 'retries' | 'ttlSeconds' | 'idleSeconds' | 'maxCostUsd' | 'sandbox'>

const oneOf = <const T extends string>(value: string | undefined, known: readonly T[]): T | undefined =>
  known.find((one) => one === value)
const given = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** `K=V` as given with --env; `K` alone takes the caller's own value. */
export const givenEnv = (pairs: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]{0,127})(?:=([\s\S]*))?$/.exec(pair) ?? []
      const found = value ?? (name === undefined ? undefined : env[name])
      if (name !== undefined && found !== undefined) return [name, found]
      throw new RemoteError('usage', `--env: \`${pair.split('=')[0]?.slice(0, 40)}\` is no variable with a value`, {
        hint: 'for example --env CI=1',
      })
    }),
  )

export const limitsOf = (flags: Flags): Limits =>
  given({
    approve: oneOf(flags.text('approve'), ['auto', 'ask', 'deny']),
    interactive: flags.on('interactive') ? true : undefined,
    retries: flags.number('retries'),
    ttlSeconds: flags.number('ttl'),
    idleSeconds: flags.number('idle'),
    maxCostUsd: flags.number('max-cost'),
    sandbox: oneOf(flags.text('sandbox'), ['on', 'off']),
  })

export type DispatchAsk = {
  task: string
  flags: Flags
  env: NodeJS.ProcessEnv
  project: Project
  isNear: boolean
  author?: { name: string; email: string } | undefined
}

const authorEnv = (author: DispatchAsk['author']): Record<string, string> =>
  author ? { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email } : {}

/** Names of the secrets that a session gets. */
export const secretsOf = (flags: Flags, project: Project): string[] => [...new Set([...project.secrets, ...flags.all('secret')])]

/** The body of `POST /v1/sessions`, but for the repository. */
export const dispatchRequest = ({ task, flags, env, project, author, isNear }: DispatchAsk): DispatchInput => {
  const agentCommand = flags.text('agent-command')
  const agent = flags.text('agent') ?? 'claude'
  const request = given({
    agentCommand,
    // It prepares the repository's files; without them it has nothing to prepare.
    setup: flags.on('no-repo') ? undefined : project.setup,
    workspace: flags.text('workspace'),
    from: oneOf(flags.text('from'), ['mine', 'workspace']),
    instance: flags.text('instance'),
    spot: flags.on('spot') ? true : undefined,
    maxPriceUsd: flags.number('max-price'),
  })
  return {
    task,
    agent,
    // Which cloud, is said by whom it is sent to.
    runtime: isNear ? 'local' : 'cloud',
    secrets: secretsOf(flags, project),
    env: { ...authorEnv(author), ...capturedEnvironment(env, agent, isNear), ...project.env, ...givenEnv(flags.all('env'), env) },
    credentials: capturedCredentials(env, agent, agentCommand !== undefined),
    ...request,
    ...limitsOf(flags),
  }
}
