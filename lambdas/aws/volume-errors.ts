import { RemoteError } from '../../core/contract/remote-error.ts'
import { type Meaning, meaningOf } from './ec2-errors.ts'

const later: Meaning = { do: 'later' }
const elsewhere: Meaning = { do: 'elsewhere' }
const refuse = (why: string, hint: string): Meaning => ({ do: 'refuse', why, hint })
const quota = (what: string) =>
  refuse(`your account may not have more ${what} in this region`, 'delete workspaces, or raise it in Service Quotas (Amazon EBS)')

/**
 * What EC2's codes mean where they are about disks of workspaces; others mean what they mean anywhere (ec2-errors.ts).
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export const VOLUME_ERRORS: Readonly<Record<string, Meaning>> = {
  /** The machine that had it is still going; nothing has begun; a disk or snapshot is still being made. */
  VolumeInUse: later,
  IncorrectState: later,
  IncorrectInstanceState: later,
  'InvalidInstanceID.NotFound': later,
  'InvalidInstanceID.NotReady': later,
  IncorrectModificationState: later,
  SnapshotCreationPerVolumeRateExceeded: later,
  ConcurrentCreateVolumeLimitExceeded: later,

  InsufficientVolumeCapacity: elsewhere,
  UnknownVolumeType: elsewhere,

  VolumeLimitExceeded: quota('volumes, or storage in them'),
  MaxIOPSLimitExceeded: quota('IOPS of volumes'),
  MaxThroughputLimitExceeded: quota('throughput of volumes'),
  SnapshotLimitExceeded: quota('snapshots'),
  ConcurrentSnapshotLimitExceeded: quota('snapshots at a time'),
  PendingSnapshotLimitExceeded: quota('snapshots at a time'),
  AttachmentLimitExceeded: refuse('no more disks can be attached to this machine', 'choose a larger --instance'),
  'InvalidVolume.ZoneMismatch': refuse(
    'the disk lies in another zone than the machine',
    'move it: remote workspace move NAME --zone ZONE',
  ),
  'InvalidVolume.NotFound': refuse(
    'the disk of this workspace is not there any more: it was deleted outside of remote',
    'delete the workspace and make a new one: remote workspace delete NAME',
  ),
  'InvalidSnapshot.NotFound': refuse('that snapshot is not there any more', 'see what there is: remote workspace show NAME'),
  'InvalidZone.NotFound': refuse('there is no such zone for your account', 'see the zones of the stack: remote cloud doctor'),
  VolumeModificationSizeLimitExceeded: quota('storage being changed at a time'),
  VolumeModificationRateExceeded: refuse('EBS lets a disk be changed four times in 24 hours', 'try again later'),
  'KMS.NotFoundException': refuse(
    'the key that encrypts disks is not there',
    'see the default key for EBS encryption of your account',
  ),
}

export const volumeMeaningOf = (code: string): Meaning => VOLUME_ERRORS[code] ?? meaningOf(code)

export const codeOf = (error: unknown): { code: string; message: string } =>
  error instanceof Error ? { code: error.name, message: error.message } : { code: 'Unknown', message: String(error) }

/** What EC2 refused, about which workspace, in words and with what to do. */
export const volumeError = (workspace: string, error: unknown): RemoteError => {
  const { code, message } = codeOf(error)
  const meaning = volumeMeaningOf(code)
  const said = `workspace ${workspace}, ${code}: ${message.replace(/\s+/g, ' ').slice(0, 300)}`
  const named = (text: string) => text.replaceAll('NAME', workspace)
  if (meaning.do === 'refuse')
    return new RemoteError('refused', `${meaning.why} (${said})`, { hint: named(meaning.hint), cause: error })
  const why = meaning.do === 'later' ? 'the disk is not ready' : 'this zone has no room for the disk'
  return new RemoteError('unavailable', `${why} (${said})`, { hint: 'it is tried again; or try again in a minute', cause: error })
}
