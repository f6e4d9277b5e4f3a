import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type EC2Client,
  ModifyVolumeCommand,
  type Tag,
} from '@aws-sdk/client-ec2'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { TAGS } from './fleet-request.ts'
import { codeOf, volumeError, volumeMeaningOf } from './volume-errors.ts'

export type NewVolume = {
  workspace: string
  zone: string
  sizeGb: number
  /** The same token gives the same volume: a call that was cut off is made again, and makes nothing twice. At most 64 characters. */
  token: string
  /** What lies on it from the start. */
  snapshot?: string | undefined
}

/** A machine boots in about half a minute, and one that ends gives its volumes back in about a minute. */
const ATTACH_MS = 150_000
/** A machine that is being ended may be called running a moment longer. */
const HOLDER_MS = 20_000
/** Of what the API's caller waits for. */
const CALL_MS = 20_000
/** What was only just made may not be known yet: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html */
const KNOWN_MS = CALL_MS
const UNKNOWN = 'InvalidVolume.NotFound'
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 4000
/** A name that no image uses for a disk of its own; the machine finds it by its serial. */
const DEVICE = '/dev/sdf'

/** A disk that could not be made, or is gone. */
const LOST = new Set(['error', 'deleting', 'deleted', undefined])
const ALIVE = new Set(['pending', 'running'])
const GONE = new Set(['terminated', undefined])

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export type EbsVolumes = ReturnType<typeof openEbsVolumes>

/** Disks of workspaces. `patience`: a part of the usual deadlines, for whoever cannot wait so long. */
export const openEbsVolumes = ({ ec2, stack, patience = 1 }: { ec2: EC2Client; stack: string; patience?: number }) => {
  const tags = (workspace: string, more: Tag[] = []): Tag[] => [
    { Key: TAGS.stack, Value: stack },
    { Key: TAGS.workspace, Value: workspace },
    { Key: 'Name', Value: `remote workspace ${workspace}` },
    ...more,
  ]

  /** Tries while EC2 says that it is not ready. `onRefusal` may end the waiting with an answer, or an error of its own. */
  const untilReady = async <T>(
    workspace: string,
    longestMs: number,
    call: () => Promise<T>,
    onRefusal: (code: string, waitedMs: number) => Promise<T | undefined> = async () => undefined,
  ): Promise<T> => {
    const begun = performance.now()
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
      try {
        return await call()
      } catch (error) {
        const { code } = codeOf(error)
        const waited = performance.now() - begun
        const answer = await onRefusal(code, waited)
        if (answer !== undefined) return answer
        const passesAfter = code === UNKNOWN ? KNOWN_MS : volumeMeaningOf(code).do === 'later' ? longestMs : 0
        if (waited + pause * patience > passesAfter * patience) throw volumeError(workspace, error)
        await delay(pause * patience)
      }
    }
  }
  /** Only a disk that is not known yet is waited for. */
  const once = <T>(workspace: string, call: () => Promise<T>) => untilReady(workspace, 0, call)

  const holderOf = async (volume: string): Promise<{ machine: string; state: string | undefined } | undefined> => {
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] }))
    const machine = Volumes[0]?.Attachments?.[0]?.InstanceId
    if (machine === undefined) return undefined
    const Filters = [{ Name: 'instance-id', Values: [machine] }]
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }))
    return { machine, state: Reservations[0]?.Instances?.[0]?.State?.Name }
  }

  /** Who has it instead, and whether that will pass. Answers true when it is attached where it should be. */
  const inUse = async (workspace: string, volume: string, machine: string, waited: number): Promise<true | undefined> => {
    const holder = await holderOf(volume)
    if (holder?.machine === machine) return true
    if (holder && ALIVE.has(holder.state ?? '') && waited > HOLDER_MS * patience) {
      throw new RemoteError(
        'refused',
        `the disk of workspace ${workspace} (${volume}) is attached to ${holder.machine}, which runs`,
        {
          hint: `if nobody needs it there: aws ec2 detach-volume --volume-id ${volume}`,
        },
      )
    }
    // By force only from a machine that is gone for good: another one may still be writing.
    if (holder && GONE.has(holder.state)) await ec2.send(new DetachVolumeCommand({ VolumeId: volume, Force: true }))
    return undefined
  }

  return {
    /** Answers its id. It may still be being made; attaching waits for that. */
    create: ({ workspace, zone, sizeGb, token, snapshot }: NewVolume): Promise<string> =>
      once(workspace, async () => {
        const { VolumeId } = await ec2.send(
          new CreateVolumeCommand({
            AvailabilityZone: zone,
            Size: sizeGb,
            VolumeType: 'gp3',
            Encrypted: true,
            ClientToken: token,
            ...(snapshot !== undefined && { SnapshotId: snapshot }),
            TagSpecifications: [{ ResourceType: 'volume', Tags: tags(workspace) }],
          }),
        )
        return VolumeId ?? ''
      }),
    /** Resolves when it has been made, with what lay on its snapshot; false when it never will be. */
    isMade: (workspace: string, volume: string): Promise<boolean> => {
      const call = async () => {
        const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] }))
        const state = Volumes[0]?.State
        if (state !== 'creating') return !LOST.has(state)
        throw Object.assign(new Error(`${volume} is ${state}`), { name: 'IncorrectState' })
      }
      // One that EC2 does not know for so long was given up by EC2 itself.
      const isGone = (code: string, waited: number) =>
        code === UNKNOWN && waited + LONGEST_PAUSE_MS * patience > CALL_MS * patience
      return untilReady(workspace, CALL_MS, call, async (code, waited) => (isGone(code, waited) ? false : undefined))
    },
    /** Waits for the machine to run, and for another that had it to be gone. Attached there already is fine. */
    attach: async (workspace: string, volume: string, machine: string): Promise<void> => {
      const call = async (): Promise<true> => {
        await ec2.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: machine, Device: DEVICE }))
        return true
      }
      await untilReady(workspace, ATTACH_MS, call, async (code, waited) =>
        code === 'VolumeInUse' ? inUse(workspace, volume, machine, waited) : undefined,
      )
    },
    /** With all its data. Gone already is fine; a machine that is being turned off is waited for. */
    delete: async (workspace: string, volume: string): Promise<void> => {
      const call = async (): Promise<true> => {
        await ec2.send(new DeleteVolumeCommand({ VolumeId: volume }))
        return true
      }
      await untilReady(workspace, CALL_MS, call, async (code) => (code === UNKNOWN ? true : undefined))
    },
    /** Its file system grows when a machine mounts it next. The same size again is no change, of which EBS takes four a day. */
    grow: async (workspace: string, volume: string, sizeGb: number): Promise<void> => {
      await once(workspace, async () => {
        const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] }))
        if (Volumes[0]?.Size !== sizeGb) await ec2.send(new ModifyVolumeCommand({ VolumeId: volume, Size: sizeGb }))
      })
    },
    /** Begins one, unless it was begun under that token; it is complete later. One that failed is begun anew. */
    snapshot: async (workspace: string, volume: string, token: string): Promise<{ id: string; isComplete: boolean }> =>
      once(workspace, async () => {
        const Filters = [
          { Name: `tag:${TAGS.token}`, Values: [token] },
          { Name: `tag:${TAGS.stack}`, Values: [stack] },
        ]
        const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }))
        for (const { SnapshotId, State } of Snapshots)
          if (State === 'error') await ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
        const known = Snapshots.find(({ State }) => State !== 'error')
        if (known?.SnapshotId !== undefined) return { id: known.SnapshotId, isComplete: known.State === 'completed' }
        const Tags = tags(workspace, [{ Key: TAGS.token, Value: token }])
        const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags }]
        const made = await ec2.send(new CreateSnapshotCommand({ VolumeId: volume, TagSpecifications }))
        return { id: made.SnapshotId ?? '', isComplete: made.State === 'completed' }
      }),
    /** Gone already is fine. */
    deleteSnapshot: async (workspace: string, snapshot: string): Promise<void> => {
      const call = async (): Promise<true> => {
        await ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshot }))
        return true
      }
      await untilReady(workspace, CALL_MS, call, async (code) => (code === 'InvalidSnapshot.NotFound' ? true : undefined))
    },
  }
}
