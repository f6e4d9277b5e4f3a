import type { EC2Client } from '@aws-sdk/client-ec2'
import { afterEach, expect, it, vi } from 'vitest'
import { dropImages } from '../../../lambdas/aws/drop-images.ts'
import { NOON } from '../../support/samples.ts'

const HOUR_MS = 3_600_000
afterEach(() => vi.restoreAllMocks())

/** EC2 with images `0` to `images - 1`, the newest last; a snapshot is called in use for so many calls after its image is gone. */
const ec2With = ({ images, inUse = 0, more = {} }: { images: number; inUse?: number; more?: Record<string, number> }) => {
  const there = Array.from({ length: images }, (_, n) => `${n}`)
  const snapshots = new Map([...there.map((n): [string, number] => [`snap-${n}`, NOON - 1000]), ...Object.entries(more)])
  const refusals = new Map<string, number>()
  const error = (name: string) => Object.assign(new Error(name), { name })
  const answer = (call: string, input: { ImageId?: string; SnapshotId?: string }): object => {
    if (call === 'DescribeImagesCommand')
      return {
        Images: there.map((n) => ({
          ImageId: `ami-${n}`,
          Name: `remote ${n}`,
          BlockDeviceMappings: [{ Ebs: { SnapshotId: `snap-${n}` } }],
        })),
      }
    if (call === 'DescribeSnapshotsCommand')
      return { Snapshots: [...snapshots].map(([SnapshotId, at]) => ({ SnapshotId, StartTime: new Date(at) })) }
    if (call === 'DeregisterImageCommand') {
      there.splice(there.indexOf((input.ImageId ?? '').slice(4)), 1)
      return {}
    }
    const id = input.SnapshotId ?? ''
    if (!snapshots.has(id)) throw error('InvalidSnapshot.NotFound')
    const refused = refusals.get(id) ?? 0
    refusals.set(id, refused + 1)
    if (there.includes(id.slice(5)) || refused < inUse) throw error('InvalidSnapshot.InUse')
    snapshots.delete(id)
    return {}
  }
  const send = async (command: { constructor: { name: string }; input: object }) =>
    answer(command.constructor.name, command.input)
  return {
    ec2: { send } as unknown as EC2Client,
    snapshots: () => [...snapshots.keys()],
    images: () => there.map((n) => `ami-${n}`),
  }
}
const dropping = (ec2: EC2Client) => ({ ec2, stack: 'remote', architecture: 'x64', now: NOON, pause: async () => {} })

it('keeps the newest two images, and nothing of those before', async () => {
  const { ec2, images, snapshots } = ec2With({ images: 4 })
  expect(await dropImages(dropping(ec2))).toEqual(['ami-1', 'ami-0'])
  expect([images(), snapshots()]).toEqual([
    ['ami-2', 'ami-3'],
    ['snap-2', 'snap-3'],
  ])
})

it('waits while EC2 calls a snapshot that of an image that is gone', async () => {
  const { ec2, snapshots } = ec2With({ images: 3, inUse: 3 })
  expect(await dropImages(dropping(ec2))).toEqual(['ami-0'])
  expect(snapshots()).toEqual(['snap-1', 'snap-2'])
})

it('what cannot be deleted fails nothing, and goes with the next', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { ec2, snapshots } = ec2With({ images: 3, inUse: 6 })
  expect(await dropImages(dropping(ec2))).toEqual(['ami-0'])
  expect([snapshots(), said.mock.calls.length]).toEqual([['snap-0', 'snap-1', 'snap-2'], 1])
  expect(await dropImages({ ...dropping(ec2), now: NOON + 2 * HOUR_MS })).toEqual([])
  expect(snapshots()).toEqual(['snap-1', 'snap-2'])
})

it('a young snapshot of no image is that of one which is being made', async () => {
  const { ec2, snapshots } = ec2With({ images: 2, more: { 'snap-young': NOON - 60_000, 'snap-old': NOON - 2 * HOUR_MS } })
  await dropImages(dropping(ec2))
  expect(snapshots()).toEqual(['snap-0', 'snap-1', 'snap-young'])
})
