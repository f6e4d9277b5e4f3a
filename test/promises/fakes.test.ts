import { fakePorts } from '../support/fakes/fake-ports.ts'
import { keepsTheAuditLogPromise } from './audit-log-promise.ts'
import { keepsTheBundleStorePromise } from './bundle-store-promise.ts'
import { keepsTheComputePromise } from './compute-promise.ts'
import { keepsTheInboxStorePromise } from './inbox-store-promise.ts'
import { keepsTheLedgerPromise } from './ledger-promise.ts'
import { keepsThePriceStorePromise } from './price-store-promise.ts'
import { keepsTheSecretStorePromise } from './secret-store-promise.ts'
import { keepsTheSegmentStorePromise } from './segment-store-promise.ts'
import { keepsTheSessionStorePromise } from './session-store-promise.ts'
import { keepsTheWorkspaceStorePromise } from './workspace-store-promise.ts'

keepsTheSessionStorePromise('the fake', () => fakePorts().sessions)
keepsTheLedgerPromise('the fake', () => fakePorts(), 200)
keepsTheAuditLogPromise('the fake', () => fakePorts())
keepsThePriceStorePromise('the fake', () => fakePorts().prices)
keepsTheInboxStorePromise('the fake', () => fakePorts().inbox)
keepsTheBundleStorePromise('the fake', () => fakePorts().bundles)
keepsTheWorkspaceStorePromise('the fake', () => fakePorts().workspaces)
keepsTheSecretStorePromise('the fake', () => fakePorts().secrets)
keepsTheSegmentStorePromise('the fake', () => {
  const { segments } = fakePorts()
  return { store: segments, write: (...where) => segments.write(...where) }
})
keepsTheComputePromise('the fake', () => {
  const { compute } = fakePorts()
  return { compute, kill: (session, attempt) => compute.die(session, attempt) }
})
