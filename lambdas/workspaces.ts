import { composeWorkspaces } from './compose-workspaces.ts'

/** API Gateway → disks of workspaces; EventBridge → moves that go on. */
export const handler = composeWorkspaces(process.env)
