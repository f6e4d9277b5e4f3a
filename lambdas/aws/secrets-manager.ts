import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  paginateListSecrets,
  RestoreSecretCommand,
  type SecretListEntry,
  type SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { asked, awsName } from './aws-refusal.ts'

/** What a secret holds, by AWS's limit. */
export const MOST_BYTES = 65_536

export type Found = { name: string; value: string; version: string }
export type Written = { name: string; value: string; description: string; tags: Record<string, string> }

/** Most secrets one call reads, by AWS's limit. */
const BATCH = 20
const CURRENT = 'AWSCURRENT'
const TRIES = 6
const LONGEST_PAUSE_MS = 500
/** Not there, or marked to be deleted. */
const GONE = new Set(['ResourceNotFoundException', 'InvalidRequestException'])
const TAKEN = new Set(['ResourceExistsException', 'InvalidRequestException'])
const MOVED = new Set(['InvalidParameterException'])

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const unless = async <T>(names: ReadonlySet<string>, call: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked('Secrets Manager', call)
  } catch (error) {
    if (names.has(awsName(error) ?? '')) return undefined
    throw error
  }
}

/** Secrets Manager in the calls that the store needs. Names are whole. */
export const openSecretsManager = (client: SecretsManagerClient) => {
  const create = ({ name, value, description, tags }: Written) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    return client.send(new CreateSecretCommand({ Name: name, SecretString: value, Description: description, Tags }))
  }
  const update = ({ name, value, description }: Written) =>
    client.send(new UpdateSecretCommand({ SecretId: name, SecretString: value, Description: description }))

  /** `onTaken` is called when there is one already: its answer is the answer, unless it is undefined: then it is being deleted. */
  const createOr = async <T>(secret: Written, onTaken: () => Promise<T | undefined>): Promise<T | undefined> => {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      if (await unless(TAKEN, create(secret))) return undefined
      const taken = await onTaken()
      if (taken !== undefined) return taken
      await unless(GONE, client.send(new RestoreSecretCommand({ SecretId: secret.name })))
      await pause(Math.random() * LONGEST_PAUSE_MS)
    }
    throw new RemoteError('unavailable', 'a secret of that name is being deleted', { hint: 'try again in a moment' })
  }

  const read = async (name: string): Promise<Found | undefined> => {
    const command = new GetSecretValueCommand({ SecretId: name, VersionStage: CURRENT })
    const found = await unless(GONE, client.send(command))
    return found && { name, value: found.SecretString ?? '', version: found.VersionId ?? '' }
  }

  const batch = async (names: readonly string[]): Promise<Found[]> => {
    const command = new BatchGetSecretValueCommand({ SecretIdList: [...names] })
    const { SecretValues = [], Errors = [] } = await asked('Secrets Manager', client.send(command))
    const failed = Errors.find(({ ErrorCode }) => !GONE.has(ErrorCode ?? ''))
    if (failed) {
      throw new RemoteError('unavailable', `a secret could not be read (${failed.ErrorCode})`, {
        hint: 'if it stays so, the role of the control plane lacks the right to read it',
      })
    }
    return SecretValues.map(({ Name = '', SecretString = '', VersionId = '' }) => ({
      name: Name,
      value: SecretString,
      version: VersionId,
    }))
  }

  return {
    read,
    /** All whose name begins so, without their values. */
    list: async (prefix: string): Promise<SecretListEntry[]> => {
      const found: SecretListEntry[] = []
      const pages = paginateListSecrets({ client }, { Filters: [{ Key: 'name', Values: [prefix] }] })
      const next = () => asked('Secrets Manager', pages.next())
      for (let page = await next(); !page.done; page = await next()) found.push(...(page.value.SecretList ?? []))
      return found.filter(({ Name }) => Name?.startsWith(prefix)) // the filter does not mind upper and lower case
    },
    /** Those that exist, in any order. */
    some: async (names: readonly string[]): Promise<Found[]> => {
      const parts = Array.from({ length: Math.ceil(names.length / BATCH) }, (_, n) => names.slice(n * BATCH, (n + 1) * BATCH))
      return (await Promise.all(parts.map(batch))).flat()
    },
    /** One that is being deleted is taken back, or waited for. */
    write: async (secret: Written): Promise<void> => {
      await createOr(secret, () => unless(GONE, update(secret)))
    },
    /** Undefined when it was created; else what is there already, untouched. */
    create: (secret: Written): Promise<Found | undefined> => createOr(secret, () => read(secret.name)),
    /** False when the secret is not at that version any more: somebody else replaced it. */
    replace: async ({ name, version }: Found, value: string): Promise<boolean> => {
      const stage = `draft-${crypto.randomUUID()}`
      const command = new PutSecretValueCommand({ SecretId: name, SecretString: value, VersionStages: [stage] })
      const { VersionId } = await asked('Secrets Manager', client.send(command))
      const move = { VersionStage: CURRENT, MoveToVersionId: VersionId, RemoveFromVersionId: version }
      const moved = await unless(MOVED, client.send(new UpdateSecretVersionStageCommand({ SecretId: name, ...move })))
      const drop = { VersionStage: stage, RemoveFromVersionId: VersionId }
      await asked('Secrets Manager', client.send(new UpdateSecretVersionStageCommand({ SecretId: name, ...drop })))
      return moved !== undefined
    },
    /** Without a time to take it back. May be repeated. */
    delete: async (name: string): Promise<void> => {
      await unless(GONE, client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true })))
    },
  }
}
export type SecretsManager = ReturnType<typeof openSecretsManager>
