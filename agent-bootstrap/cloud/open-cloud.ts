import { rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isCommand } from '../../core/contract/is-command.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { BundleFacts } from '../../core/contract/repository.ts'
import type { Grant, RunSpec } from '../../core/contract/runner.ts'
import { openBackoff } from '../backoff.ts'
import type { ControlPlane } from '../control-plane-client.ts'
import { around } from '../failpoints.ts'
import { packAgentFiles, unpackAgentFiles } from './agent-files.ts'
import { keepAgentLogin } from './agent-login.ts'
import { openGrantKeeper } from './grant-keeper.ts'
import { NotStored, openGrantStorage } from './grant-storage.ts'
import { httpCall } from './http-call.ts'
import { openInstanceMetadata } from './instance-metadata.ts'
import { watchForLeaving } from './leaving.ts'
import { openNeighbours } from './neighbours.ts'
import { readSecrets } from './read-secrets.ts'
import { openUploadedLog, type UploadedLogOptions } from './uploaded-log.ts'

const PUT_DEADLINE_MS = 3_600_000
const STALL_MS = 60_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

export type CloudOptions = {
  grant: Grant
  spec: Pick<RunSpec, 'attempt' | 'checkpoint' | 'request' | 'retriesLeft' | 'workspace'>
  plane: Pick<ControlPlane, 'renew' | 'seal' | 'bundleStored' | 'sign'>
  /** Of the session. */
  dir: string
}
export type Cloud = Awaited<ReturnType<typeof openCloud>>

/** Is there a next machine, and does it go on with what was done on this one? */
const goesOnElsewhere = ({ request, retriesLeft = 0 }: CloudOptions['spec']) => !isCommand(request.agent) && retriesLeft > 0

const isAddress = (where: string) => /^https?:/.test(where)

/** From an address that grants it. */
const fetchFile = async (url: string, file: string) => {
  const { status } = await httpCall({ method: 'GET', url, into: file, stallMs: STALL_MS })
  if (status !== 200) throw new Error(`its address answered ${status}`)
}

/** Beside its disk a workspace would be one that nobody ever sees again. */
const unmounted = (workspace: string | undefined): RemoteError | undefined => {
  if (workspace === undefined || statSync(workspace, { throwIfNoEntry: false })?.dev !== statSync('/').dev) return undefined
  return new RemoteError('refused', 'the disk of the workspace is not on this machine', { hint: 'dispatch again' })
}

const reading = async (grant: Grant): Promise<{ secrets: Record<string, string>; refused?: RemoteError }> => {
  try {
    return { secrets: await around('read secrets', () => readSecrets(grant)) }
  } catch (error) {
    if (error instanceof RemoteError) return { secrets: {}, refused: error }
    throw error
  }
}

/** What a machine of a cloud account does with the grant of its session: reads its secrets, keeps its log and brings its result away. */
export const openCloud = async ({ grant, spec, plane, dir }: CloudOptions) => {
  const expired = Promise.withResolvers<string>()
  const place = { region: grant.region, dir, user: process.env['REMOTE_AGENT_USER'] }
  const login = grant.agent && keepAgentLogin(grant.agent, place)
  const keeper = openGrantKeeper({
    ...{ grant, renew: plane.renew, onExpired: expired.resolve },
    onRenewed: ({ agent }) => agent && login?.renewed(agent),
  })
  const storage = openGrantStorage(keeper.current)
  const privateDir = join(dir, 'agent')
  const archive = join(dir, 'agent.tar.gz')
  const watch = plane.sign ? watchForLeaving(openInstanceMetadata(), goesOnElsewhere(spec)) : undefined

  const putUntilThere = async (key: string, file: string, sha256: string) => {
    const deadline = performance.now() + PUT_DEADLINE_MS
    const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
    for (;;) {
      try {
        return await storage.put(key, { file, size: statSync(file).size }, sha256)
      } catch (error) {
        if (error instanceof NotStored || performance.now() + backoff.most() > deadline) throw error
        await delay(backoff.next())
      }
    }
  }

  /** What the agent remembered on the machine before this one, or in the session before. Without it the agent is told the task again. */
  const restoreAgentFiles = async () => {
    const where = spec.checkpoint?.agentFiles
    if (where === undefined) return
    // Of another session: put where its driver looks for the memory of a session that was on this machine.
    const owner = isAddress(where) ? spec.request.resumes : undefined
    const target = owner === undefined ? privateDir : join(dirname(dir), owner, 'agent')
    try {
      await (isAddress(where) ? fetchFile(where, archive) : storage.get(where, archive))
      await unpackAgentFiles(archive, target)
    } catch (error) {
      console.error(`the agent's files from before could not be brought here: ${error}`)
    } finally {
      rmSync(archive, { force: true })
    }
  }
  const [{ secrets, refused }] = await Promise.all([reading(grant), restoreAgentFiles()])

  return {
    /** Values of the session's secrets: in its environment, and hidden in its log. */
    secrets,
    /** How the agent logs in by this account, where it does. */
    login,
    /** Why they could not be read, or what else is missing. */
    refused: refused ?? unmounted(spec.workspace),
    /** Resolves with the reason when this machine's rights have ended and could not be renewed. */
    expired: expired.promise,
    /** Other sessions of this machine. */
    neighbours: openNeighbours(process.env['REMOTE_SESSION_PROGRAM']),
    /** Resolves with the reason when it is time to leave this machine. */
    leaving: watch?.leaving,
    openLog: (options: Omit<UploadedLogOptions, 'storage' | 'plane'>) => openUploadedLog({ ...options, storage, plane }),
    putBundle: (file: string, sha256: string, facts: BundleFacts): Promise<void> =>
      around('put bundle', async () => {
        await putUntilThere(`bundles/${sha256}`, file, sha256)
        await plane.bundleStored(sha256, { bytes: statSync(file).size, facts })
      }),
    /** Stores what the agent remembers. Answers its key; undefined when it remembers nothing. */
    saveAgentFiles: (): Promise<string | undefined> =>
      around('save agent files', async () => {
        const sha256 = await packAgentFiles(privateDir, archive)
        if (sha256 === undefined) return undefined
        const key = `checkpoint/${spec.attempt}/agent.tar.gz`
        await putUntilThere(key, archive, sha256)
        return key
      }),
    close: () => {
      watch?.close()
      keeper.close()
    },
  }
}
