import { homedir } from 'node:os'
import { join } from 'node:path'
import { createApi } from '../core/api/create-api.ts'
import { applyFact } from '../core/lifecycle/apply-fact.ts'
import type { Ports } from '../core/ports/ports.ts'
import type { SegmentStore } from '../core/ports/segment-store.ts'
import { controlPlane } from '../core/usecases/control-plane.ts'
import { Database } from './adapters/database.ts'
import { openDirectoryWorkspaceStore } from './adapters/directory-workspace-store.ts'
import { openFileBundleStore } from './adapters/file-bundle-store.ts'
import { openFileSecretStore } from './adapters/file-secret-store.ts'
import { openProcessCompute } from './adapters/process-compute.ts'
import { openIds } from './adapters/random-ids.ts'
import { sayingFullDisk } from './adapters/saying-full-disk.ts'
import { openSpoolSegmentStore } from './adapters/spool-segment-store.ts'
import { openSqliteAuditLog } from './adapters/sqlite-audit-log.ts'
import { openSqliteInboxStore } from './adapters/sqlite-inbox-store.ts'
import { openSqliteLedger } from './adapters/sqlite-ledger.ts'
import { openSqlitePriceStore } from './adapters/sqlite-price-store.ts'
import { openSqliteSessionStore } from './adapters/sqlite-session-store.ts'
import { admitAgent } from './admit-agent.ts'
import { openFailpoints, withFailpoints } from './failpoints.ts'
import type { Fetchable } from './http/fetch-listener.ts'
import { LifecycleDriver } from './lifecycle-driver.ts'
import { LiveHub } from './live/live-hub.ts'
import type { Paths } from './paths.ts'
import { openJanitor } from './pruning/janitor.ts'
import { pruneBundleDrafts, pruneBundles } from './pruning/prune-bundles.ts'
import { pruneRepositories, pruneSetups } from './pruning/prune-caches.ts'
import { pruneCheckouts } from './pruning/prune-checkouts.ts'
import { pruneClones, pruneHalfPacks, pruneInstalls } from './pruning/prune-leftovers.ts'
import { RETENTION } from './pruning/retention.ts'
import { sweepKept } from './pruning/sweep-kept.ts'
import { trimDaemonLog } from './pruning/trim-daemon-log.ts'
import { runnerCommand, runnerEnvironment } from './runner-command.ts'
import { canSandbox } from './sandbox-probe.ts'
import { VERSION } from './version.ts'

/** Everything behind the daemon's socket. */
export type Composition = {
  api: Fetchable
  hub: LiveHub
  isActive(): boolean
  /** Takes up the sessions that were under way. */
  start(): void
  /** Resolves when no step is under way; none begins any more. */
  settle(): Promise<void>
  close(): void
}

const clock = { now: () => Date.now() }

/** Viewers are shown the end of a log when it is sealed, not at the next beat. */
const tellingOfSeals = (segments: SegmentStore, sealed: (session: string) => void): SegmentStore => ({
  ...segments,
  seal: async (session, attempt, seal) => {
    await segments.seal(session, attempt, seal)
    sealed(session)
  },
  sealWhereDurable: async (session, attempt, why) => {
    const last = await segments.sealWhereDurable(session, attempt, why)
    sealed(session)
    return last
  },
})

const withEveryFailpoint = (ports: Omit<Ports, 'lifecycle'>, env: NodeJS.ProcessEnv): Omit<Ports, 'lifecycle'> => {
  const cross = openFailpoints(env)
  if (!cross) return ports
  const { sessions, inbox, segments, bundles, workspaces, secrets, compute } = ports
  return {
    ...ports,
    sessions: withFailpoints('sessions', sessions, cross),
    inbox: withFailpoints('inbox', inbox, cross),
    segments: withFailpoints('segments', segments, cross),
    bundles: withFailpoints('bundles', bundles, cross),
    workspaces: withFailpoints('workspaces', workspaces, cross),
    secrets: withFailpoints('secrets', secrets, cross),
    compute: withFailpoints('compute', compute, cross),
  }
}

/** The local control plane: core over files, SQLite and processes of this machine. */
export const compose = async ({
  paths,
  env,
  stop,
}: {
  paths: Paths
  env: NodeJS.ProcessEnv
  stop: () => void
}): Promise<Composition> => {
  const sandboxed = canSandbox()
  const db = Database.open(paths.database)
  const sessions = openSqliteSessionStore(db, clock)
  const onDisk = <Port extends object>(port: Port): Port => sayingFullDisk(port, paths.data)
  const secrets = onDisk(openFileSecretStore(paths.secrets, paths.kept))
  // Nobody is sending yet: whatever is half done was left so.
  await sweepKept(paths.kept, secrets, sessions, Number.POSITIVE_INFINITY)
  await pruneBundleDrafts(paths.bundles, Number.POSITIVE_INFINITY)

  const workspaces = openDirectoryWorkspaceStore(db, paths.workspaces, clock)
  workspaces.recovered.catch((error: unknown) => console.error('workspaces', error))

  // A runner's connection or process may end before there is a driver to tell: it looks after every session when it starts.
  let driver: LifecycleDriver | undefined
  const lookAfter = (session: string) => driver?.lookAfter(session)
  const hub: LiveHub = new LiveHub({
    sessions,
    sessionsDir: paths.sessions,
    runnerClosed: lookAfter,
    typed: (session, by, connection) => applyFact({ sessions, doorbell: hub, clock })(session, { type: 'typed', by, connection }),
  })
  const raw: Omit<Ports, 'lifecycle'> = {
    sessions,
    ledger: openSqliteLedger(db, clock),
    audit: openSqliteAuditLog(db),
    prices: openSqlitePriceStore(db),
    inbox: openSqliteInboxStore(db, clock),
    segments: tellingOfSeals(onDisk(openSpoolSegmentStore(paths.sessions)), (session) => hub.sealed(session)),
    bundles: onDisk(openFileBundleStore(db, paths.bundles)),
    workspaces: onDisk(workspaces),
    secrets,
    compute: onDisk(
      openProcessCompute({
        sessions: paths.sessions,
        runner: runnerCommand(),
        arguments: ['--endpoint', `unix:${paths.socket}`, '--cache', paths.cache, '--data', paths.data],
        env: { NODE_COMPILE_CACHE: join(paths.cache, 'compile'), ...runnerEnvironment(env) },
        exited: lookAfter,
      }),
    ),
    doorbell: hub,
    clock,
    ids: openIds(),
  }
  const ports = withEveryFailpoint(raw, env)
  const lifecycle = new LifecycleDriver(ports)
  driver = lifecycle
  const { bundles, compute } = raw
  const janitor = openJanitor(
    {
      secrets: (now) => sweepKept(paths.kept, secrets, sessions, now - RETENTION.draftMs),
      log: () => trimDaemonLog(paths.daemonLog),
      checkouts: (now) => pruneCheckouts({ dir: paths.sessions, sessions, compute }, now),
      bundles: (now) => pruneBundles({ db, dir: paths.bundles, bundles, sessions }, now),
      setups: (now) => pruneSetups(join(paths.data, 'setup'), now),
      repositories: (now) => pruneRepositories(paths, sessions, now),
      packs: (now) => pruneHalfPacks(paths.repositories, now),
      installs: (now) => pruneInstalls(join(paths.data, 'agents'), now),
      clones: (now) => pruneClones(join(paths.cache, 'clones'), now),
    },
    clock,
  )
  const plane = controlPlane(
    { ...ports, lifecycle },
    {
      sandboxed: await sandboxed,
      admit: (ask) => admitAgent(ask, env['HOME'] ?? homedir()),
      agentFiles: async ({ id }) => join(paths.sessions, id, 'agent'),
    },
  )
  const startedAt = new Date().toISOString()
  const countActive = () => Number(db.get('SELECT COUNT(*) AS n FROM sessions WHERE active = 1')?.['n'])
  const about = async () => ({
    version: VERSION,
    runtimes: ['local'],
    startedAt,
    pid: process.pid,
    activeSessions: countActive(),
  })

  return {
    api: createApi(plane, about, { stop }),
    hub,
    isActive: () => countActive() > 0,
    start: () => {
      lifecycle.start().catch((error: unknown) => console.error('start', error))
      janitor.start()
    },
    settle: async () => {
      await Promise.all([lifecycle.settle(), janitor.settle()])
    },
    close: () => db.close(),
  }
}
