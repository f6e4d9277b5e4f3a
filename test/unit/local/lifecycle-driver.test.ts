import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import type { Session } from '../../../core/contract/session.ts'
import { applyFact } from '../../../core/lifecycle/apply-fact.ts'
import type { Fact } from '../../../core/lifecycle/facts.ts'
import type { MachineState } from '../../../core/ports/compute.ts'
import { Database } from '../../../local/adapters/database.ts'
import { openDirectoryWorkspaceStore } from '../../../local/adapters/directory-workspace-store.ts'
import { openFileBundleStore } from '../../../local/adapters/file-bundle-store.ts'
import { openFileSecretStore } from '../../../local/adapters/file-secret-store.ts'
import { openIds } from '../../../local/adapters/random-ids.ts'
import { openSpoolSegmentStore } from '../../../local/adapters/spool-segment-store.ts'
import { openSqliteAuditLog } from '../../../local/adapters/sqlite-audit-log.ts'
import { openSqliteInboxStore } from '../../../local/adapters/sqlite-inbox-store.ts'
import { openSqliteLedger } from '../../../local/adapters/sqlite-ledger.ts'
import { openSqlitePriceStore } from '../../../local/adapters/sqlite-price-store.ts'
import { openSqliteSessionStore } from '../../../local/adapters/sqlite-session-store.ts'
import { type CALL_SECONDS, LifecycleDriver } from '../../../local/lifecycle-driver.ts'

const ID = 's-7k3m9q2w4x'
const clock = { now: () => Date.now() }

const fresh = (): Session => {
  const now = new Date().toISOString()
  const zero = { computeUsd: 0, volumeUsd: 0, addressUsd: 0, controlPlaneUsd: 0, agentUsd: 0, totalUsd: 0 }
  return {
    id: ID,
    title: 'echo hi',
    request: {
      task: 'echo hi',
      runtime: 'local',
      agent: 'shell',
      secrets: [],
      env: {},
      interactive: false,
      spot: false,
    },
    by: 'ada',
    createdAt: now,
    state: 'queued',
    stateSince: now,
    version: 1,
    attempts: [],
    retriesLeft: 0,
    inboxLast: 0,
    inboxHandled: 0,
    usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    cost: zero,
  }
}

/** Real stores, a machine that only is what the test says. */
const openWorld = async (session = fresh(), callSeconds?: typeof CALL_SECONDS) => {
  const dir = mkdtempSync(join(tmpdir(), 'driver-'))
  const db = Database.open(join(dir, 'remote.db'))
  const sessions = openSqliteSessionStore(db, clock)
  const calls: string[] = []
  let launch: () => Promise<{ machine: string }> = async () => ({ machine: 'm-1' })
  let machine: MachineState | undefined = { id: 'm-1', alive: true }
  const ports = {
    sessions,
    inbox: openSqliteInboxStore(db, clock),
    segments: openSpoolSegmentStore(join(dir, 'sessions')),
    bundles: openFileBundleStore(db, join(dir, 'bundles')),
    workspaces: openDirectoryWorkspaceStore(db, join(dir, 'workspaces'), clock),
    secrets: openFileSecretStore(join(dir, 'secrets.json'), join(dir, 'kept')),
    compute: {
      launch: async (_: Session, attempt: number) => {
        calls.push(`launch ${attempt}`)
        return launch()
      },
      find: async () => machine,
      terminate: async (_: string, attempt: number) => {
        calls.push(`terminate ${attempt}`)
        return { heirs: [] }
      },
      clean: async () => void calls.push('clean'),
    },
    ledger: openSqliteLedger(db, clock),
    audit: openSqliteAuditLog(db),
    prices: openSqlitePriceStore(db),
    doorbell: { ring: () => undefined, watched: () => false, changed: () => undefined },
    clock,
    ids: openIds(),
  }
  await sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  const driver = new LifecycleDriver(ports, callSeconds)
  const tell = async (fact: Fact) => {
    await applyFact(ports)(ID, fact)
    await driver.wake(ID)
  }
  const reaches = (state: Session['state']) =>
    expect.poll(async () => (await sessions.get(ID))?.state, { timeout: 5000 }).toBe(state)
  return {
    ports,
    driver,
    calls,
    tell,
    reaches,
    get: async () => sessions.get(ID),
    setLaunch: (next: typeof launch) => {
      launch = next
    },
    lose: () => {
      machine = { id: 'm-1', alive: false, why: 'it was killed' }
    },
  }
}
const greeted: Fact = { type: 'greeted', attempt: 1, version: '1' }
const finished: Fact = {
  type: 'finished',
  attempt: 1,
  outcome: { outcome: 'succeeded', code: 'exit', reason: 'the command ended', exitCode: 0 },
  lastSeq: 0,
  inboxHandled: 0,
}

it('a session is launched once, and released once it has finished', async () => {
  const { driver, calls, tell, reaches, get } = await openWorld()
  await Promise.all(Array.from({ length: 20 }, () => driver.wake(ID)))
  await reaches('booting')
  await tell(greeted)
  await reaches('running')
  await tell(finished)
  await reaches('ended')
  expect(calls).toEqual(['launch 1', 'terminate 1', 'clean'])
  expect((await get())?.outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
})

it('a machine whose connection broke and that is gone ends the session as lost', async () => {
  const { driver, tell, reaches, get, lose } = await openWorld()
  await driver.begin(ID)
  await reaches('booting')
  await tell(greeted)
  await reaches('running')
  lose()
  driver.lookAfter(ID)
  await reaches('ended')
  expect((await get())?.outcome).toMatchObject({ outcome: 'lost' })
})

it('a broken connection of a machine that is there changes nothing', async () => {
  const { driver, tell, reaches, get } = await openWorld()
  await driver.begin(ID)
  await reaches('booting')
  await tell(greeted)
  await reaches('running')
  const before = await get()
  driver.lookAfter(ID)
  await expect.poll(async () => (await get())?.version, { interval: 50, timeout: 300 }).toBe(before?.version)
})

it('a launch that fails for a while is tried again, and the session goes on', async () => {
  const { driver, reaches, setLaunch, get, calls } = await openWorld()
  setLaunch(async () => {
    setLaunch(async () => ({ machine: 'm-1' }))
    throw new RemoteError('unavailable', 'no room')
  })
  await driver.begin(ID)
  await expect.poll(async () => (await get())?.trouble).toMatchObject({ code: 'unavailable', reason: 'no room' })
  await reaches('booting')
  expect(calls).toEqual(['launch 1', 'launch 1'])
})

it('a launch that is refused ends the session with the reason', async () => {
  const { driver, reaches, setLaunch, get } = await openWorld()
  setLaunch(async () => {
    throw new RemoteError('refused', 'not here')
  })
  await driver.begin(ID)
  await reaches('ended')
  expect((await get())?.outcome).toMatchObject({ outcome: 'refused', reason: 'not here' })
})

it('a driver that starts takes up what another one left', async () => {
  const { ports, driver, tell, reaches } = await openWorld()
  await driver.begin(ID)
  await reaches('booting')
  await driver.settle()
  await tell(greeted)
  await tell(finished)
  await reaches('releasing')
  await new LifecycleDriver(ports).start()
  await reaches('ended')
})

it('a call that hangs is tried again when its time is over', async () => {
  const { driver, reaches, setLaunch, get, calls } = await openWorld(fresh(), { launch: 0.05 })
  setLaunch(() => {
    setLaunch(async () => ({ machine: 'm-1' }))
    return new Promise(() => undefined)
  })
  await driver.begin(ID)
  await expect.poll(async () => (await get())?.trouble).toMatchObject({ code: 'timeout', tries: 1 })
  await reaches('booting')
  expect(calls).toEqual(['launch 1', 'launch 1'])
})

it('what happens while the records cannot be read is looked at soon, however long that has lasted', async () => {
  const { ports, driver, reaches } = await openWorld()
  const { get } = ports.sessions
  let failures = 0
  ports.sessions.get = async () => {
    failures += 1
    if (failures === 5) {
      await setImmediate()
      await driver.wake(ID) // while the walk that fails is under way
      ports.sessions.get = get
    }
    throw new Error('the disk says no')
  }
  for (let n = 1; n <= 5; n++) {
    await driver.wake(ID)
    await expect.poll(() => failures).toBe(n)
    if (n < 5) await setImmediate() // this walk is over
  }
  const from = performance.now()
  await reaches('booting')
  expect(performance.now() - from).toBeLessThan(4000)
})
