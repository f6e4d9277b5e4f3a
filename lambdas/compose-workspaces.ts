import { EC2Client } from '@aws-sdk/client-ec2'
import { createWorkspaceApi } from '../core/api/workspace-api.ts'
import { workspacePlane } from '../core/usecases/workspace-plane.ts'
import { openDiskAccounts } from './aws/disk-accounts.ts'
import { openDynamo } from './aws/dynamo.ts'
import { openDynamoAuditLog } from './aws/dynamo-audit-log.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { openDynamoPriceStore } from './aws/dynamo-price-store.ts'
import { openDynamoWorkspaceStore } from './aws/dynamo-workspace-store.ts'
import { openEbsVolumes } from './aws/ebs-volumes.ts'
import { admission } from './aws/identity.ts'
import { openWebIds } from './aws/web-ids.ts'
import { openWorkspaceChanges } from './aws/workspace-changes.ts'
import { openWorkspaceVolumes } from './aws/workspace-volumes.ts'
import { readEnvironment } from './environment.ts'
import { openHttpHandler } from './http-event.ts'

const clock = { now: () => Date.now() }

type Handler = ReturnType<typeof openHttpHandler>

/** The function of workspaces and their disks: its part of the HTTP API, and whatever says that a move may go on. */
export const composeWorkspaces = (env: NodeJS.ProcessEnv) => {
  const { TABLE, STACK, VERSION, MACHINE_ROLE, SUBNETS, AWS_REGION, KEPT_DAYS } = readEnvironment(env, [
    'TABLE',
    'STACK',
    'VERSION',
    'MACHINE_ROLE',
    'SUBNETS',
    'AWS_REGION',
    'KEPT_DAYS',
  ])
  const table = { dynamo: openDynamo(), tableName: TABLE }
  const ebs = openEbsVolumes({ ec2: new EC2Client({ maxAttempts: 1 }), stack: STACK })
  const disks = openWorkspaceVolumes({ ...table, ebs, stack: STACK, clock })
  const prices = openDynamoPriceStore(table)
  const accounts = openDiskAccounts({ ...table, prices, clock })
  const zones = SUBNETS.map(({ zone }) => zone)
  const names = async () => (await workspaces.list()).map(({ name }) => name)
  const { volumes, carryOnAll } = openWorkspaceChanges({ disks, ebs, accounts, stack: STACK, zones, clock, names })
  const workspaces = openDynamoWorkspaceStore({ ...table, volumes, clock })
  const audit = openDynamoAuditLog({ ...table, keptDays: KEPT_DAYS, now: clock.now })
  const ports = { workspaces, prices, audit, ids: openWebIds(), clock }
  const plane = workspacePlane(ports, { runtimes: ['cloud', `cloud:${AWS_REGION}`] })
  const machines = openDynamoMachineStore({ ...table, now: clock.now })
  const answer = openHttpHandler(createWorkspaceApi(plane), admission({ machines, machineRole: MACHINE_ROLE }), VERSION)

  return async (event: Parameters<Handler>[0] | { source: string }, context: Parameters<Handler>[1]) =>
    // A snapshot is complete, or it is time to look.
    'source' in event ? carryOnAll() : answer(event, context)
}
