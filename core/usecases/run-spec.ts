import type { RepositorySource } from '../contract/dispatch.ts'
import { isCommand } from '../contract/is-command.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Grant, RunSpec } from '../contract/runner.ts'
import type { Session } from '../contract/session.ts'
import { branchOf } from '../domain/branch-name.ts'
import { approveOf, idleSecondsOf } from '../domain/session-ends.ts'
import type { Ports } from '../ports/ports.ts'
import { keptSecrets, type SessionSecrets } from './session-secrets.ts'
import type { Settings } from './settings.ts'

type Needs = Pick<Ports, 'sessions' | 'bundles' | 'segments' | 'secrets' | 'workspaces' | 'clock'>
type Bundle = RunSpec['bundles'][number]

const snapshotBundles = async ({ bundles }: Needs, source: RepositorySource | undefined): Promise<Bundle[]> => {
  if (!source) return []
  const chain = await bundles.chain(source.id, source.commit)
  if (chain) return chain
  throw new RemoteError('repository', `the snapshot of ${source.name} is not stored any more`, {
    hint: 'dispatch again',
  })
}

/** Where the session before left its branch, and the bundles that lead there. */
const resumedFrom = async ({ bundles }: Needs, before: Session | undefined) => {
  const repository = before?.request.repository
  const result = before?.result
  const chain = repository && result && (await bundles.chain(repository.id, result.commit))
  if (!result || !chain) return { chain: [], commit: undefined, bundle: undefined }
  const isOwn = (bundle: Bundle) => bundle.sha256 === result.bundle
  return { chain: chain.filter((bundle) => !isOwn(bundle)), commit: result.commit, bundle: chain.find(isOwn) }
}

const previousOf = ({ attempts }: Session, attempt: number): RunSpec['previous'] => {
  const before = attempts.find(({ number }) => number === attempt - 1)
  return before && { attempt: before.number, lastSeq: before.lastSeq ?? 0, why: before.lost ?? 'its machine was lost' }
}

const secondsLeft = ({ expiresAt }: Session, now: number) =>
  expiresAt === undefined ? null : Math.max(0, (Date.parse(expiresAt) - now) / 1000)

/**
 * What is kept may be told a moment later (Secrets Manager is eventually consistent,
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html), or was deleted from outside: nothing runs without the
 * secrets, or with the hidden words, of a request that had them.
 */
const KEPT_SOON_MS = 5 * 60_000
const checkWhole = (session: Session, { values, request }: SessionSecrets, grant: Grant | undefined, now: number) => {
  const isNamed = session.request.secrets.every((name) => Object.hasOwn(values, name))
  const isTyped = session.hidden === undefined || request !== session.request
  const isGranted = grant === undefined || Object.keys(values).length === 0 || grant.secrets.length > 0
  if (isNamed && isTyped && isGranted) return
  if (now - Date.parse(session.createdAt) < KEPT_SOON_MS)
    throw new RemoteError('unavailable', `the secrets of ${session.id} are not there yet`, { hint: 'it is asked again' })
  throw new RemoteError('refused', `the secrets of ${session.id} are not there any more`, { hint: 'dispatch again' })
}

/** Everything the machine of an attempt needs to know, secrets included. */
export const runSpec =
  (ports: Needs, settings: Settings) =>
  async (session: Session, attempt: number): Promise<RunSpec> => {
    const { id, inboxHandled, cost, usage } = session
    const kept = await keptSecrets(ports)(session)
    const grant = await settings.grant(session, attempt)
    checkWhole(session, kept, grant, ports.clock.now())
    const { values, request } = kept
    const before = request.resumes === undefined ? undefined : await ports.sessions.get(request.resumes)
    // A command begins anew; what an agent had done when its machine was taken away is where it goes on.
    const left = isCommand(request.agent) ? undefined : session.checkpoint
    const resumed = await resumedFrom(ports, left && session.result ? session : before)
    const snapshot = await snapshotBundles(ports, request.repository)
    const known = new Set(snapshot.map(({ sha256 }) => sha256))
    const agentFiles = left?.agentFiles ?? (before && (await settings.agentFiles(before)))
    const { commit, bundle } = resumed
    return {
      session: id,
      attempt,
      request,
      approve: approveOf(request, settings.sandboxed),
      homeBundles: request.home && (await snapshotBundles(ports, request.home)),
      bundles: [...snapshot, ...resumed.chain.filter(({ sha256 }) => !known.has(sha256))],
      secrets: grant ? {} : values, // with a grant the machine reads them itself
      grant,
      log: settings.log(id, attempt),
      nextSeq: (await ports.segments.log(id, attempt, Number.MAX_SAFE_INTEGER)).last + 1, // of no segment the address is wanted
      previous: previousOf(session, attempt),
      checkpoint: commit === undefined && left === undefined ? undefined : { commit, bundle, agentFiles },
      retriesLeft: session.retriesLeft,
      agentHandle: session.agentHandle ?? before?.agentHandle,
      usage,
      inboxAfter: inboxHandled,
      ttlSeconds: secondsLeft(session, ports.clock.now()),
      idleSeconds: idleSecondsOf(request),
      maxCostUsd: request.maxCostUsd === undefined ? null : Math.max(0, request.maxCostUsd - cost.totalUsd),
      workspace: request.workspace === undefined ? undefined : ports.workspaces.place(request.workspace),
      branch: branchOf(id),
    }
  }
