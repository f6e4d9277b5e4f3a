import * as z from 'zod'
import { RemoteError } from '../contract/errors.ts'
import { SecretName, SessionId, Sha256, WorkspaceName } from '../contract/ids.ts'
import { SnapshotId } from '../contract/workspace.ts'
import { checked } from './checked.ts'

const Count = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, { error: 'not a number from 1 on' })
  .transform(Number)

export const attemptIn = (value: string) => checked(z.object({ attempt: Count }), { attempt: value }).attempt
export const seqIn = (value: string) => checked(z.object({ first: Count }), { first: value }).first

/** A name that cannot exist is as unknown as one that does not. */
const known =
  (schema: z.ZodType<string>, what: string, hint: string) =>
  (value: string): string => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new RemoteError('not_found', `there is no ${what} ${value.slice(0, 40)}`, { hint })
  }

export const runnersSessionIn = known(SessionId, 'session', 'stop: this machine works for no session')
export const workspaceIn = known(WorkspaceName, 'workspace', 'list them: remote workspace list')

export const snapshotIn = known(SnapshotId, 'snapshot', 'list them: remote workspace show NAME')

export const sha256In = (value: string) => checked(z.object({ sha256: Sha256 }), { sha256: value }).sha256
export const secretNameIn = (value: string) => checked(z.object({ name: SecretName }), { name: value }).name
export const repositoryIn = (value: string) => checked(z.object({ repository: Sha256 }), { repository: value }).repository
