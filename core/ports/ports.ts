import type { AuditLog } from './audit-log.ts'
import type { BundleStore } from './bundle-store.ts'
import type { Clock } from './clock.ts'
import type { Compute } from './compute.ts'
import type { Doorbell } from './doorbell.ts'
import type { Ids } from './ids.ts'
import type { InboxStore } from './inbox-store.ts'
import type { Ledger } from './ledger.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { PriceStore } from './price-store.ts'
import type { SecretStore } from './secret-store.ts'
import type { SegmentStore } from './segment-store.ts'
import type { SessionStore } from './session-store.ts'
import type { WorkspaceStore } from './workspace-store.ts'

export type Ports = {
  sessions: SessionStore
  ledger: Ledger
  audit: AuditLog
  prices: PriceStore
  inbox: InboxStore
  segments: SegmentStore
  bundles: BundleStore
  workspaces: WorkspaceStore
  secrets: SecretStore
  compute: Compute
  doorbell: Doorbell
  lifecycle: Lifecycle
  clock: Clock
  ids: Ids
}
