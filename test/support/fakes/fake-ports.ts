import { countingIds } from './counting-ids.ts'
import { FakeCompute } from './fake-compute.ts'
import { ManualClock } from './manual-clock.ts'
import { memoryAuditLog } from './memory-audit-log.ts'
import { memoryBundleStore } from './memory-bundle-store.ts'
import { memoryInboxStore } from './memory-inbox-store.ts'
import { memoryLedger } from './memory-ledger.ts'
import { memoryPriceStore } from './memory-price-store.ts'
import { MemorySecretStore } from './memory-secret-store.ts'
import { MemorySegmentStore } from './memory-segment-store.ts'
import { memorySessionStore } from './memory-session-store.ts'
import { memoryWorkspaceStore } from './memory-workspace-store.ts'
import { SilentDoorbell } from './silent-doorbell.ts'
import { StepwiseLifecycle } from './stepwise-lifecycle.ts'

/** All ports, in memory. They keep the same promises as the real ones (test/promises). */
export const fakePorts = () => {
  const clock = new ManualClock()
  const audit = memoryAuditLog()
  const ledger = memoryLedger(audit)
  const ports = {
    clock,
    ids: countingIds(),
    ledger,
    audit,
    prices: memoryPriceStore(),
    sessions: memorySessionStore(clock, ledger, audit),
    inbox: memoryInboxStore(clock),
    segments: new MemorySegmentStore(),
    bundles: memoryBundleStore(),
    workspaces: memoryWorkspaceStore(clock),
    secrets: new MemorySecretStore(clock),
    compute: new FakeCompute(),
    doorbell: new SilentDoorbell(),
  }
  return { ...ports, lifecycle: new StepwiseLifecycle(ports) }
}
