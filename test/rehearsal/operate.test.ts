import { CreateSnapshotCommand, CreateVolumeCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { agedInstance } from './aged-instance.ts'
import { REGION } from './cloud.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
let ec2: EC2Client
const OLD = 7200

beforeAll(async () => {
  rehearsal = await openRehearsalInUse({ machines: false })
  const credentials = await rehearsal.cloud.control.admin()
  ec2 = new EC2Client({ region: REGION, endpoint: rehearsal.endpoint, credentials })
})
afterEach(() => rehearsal.cloud.control.clearFaults())
afterAll(() => rehearsal?.close())

const tagged = (ResourceType: 'instance' | 'volume' | 'snapshot', tags: Record<string, string>) => [
  { ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
]
const MINE = { 'remote:stack': 'remote' }

const launch = (tags: Record<string, string>, seconds: number) => agedInstance(rehearsal, ec2, tags, seconds)
const volume = async (tags: Record<string, string>, seconds: number) => {
  const made = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: `${REGION}a`, Size: 100, TagSpecifications: tagged('volume', tags) }),
  )
  const VolumeIds = [made.VolumeId ?? '']
  const isMade = async () =>
    (await ec2.send(new DescribeVolumesCommand({ VolumeIds }))).Volumes?.[0]?.State === 'available' || undefined
  await until('the disk is made', () => isMade().catch(() => undefined))
  await rehearsal.cloud.control.ageDisk(made.VolumeId ?? '', seconds)
  return made.VolumeId ?? ''
}
const snapshot = async (VolumeId: string, tags: Record<string, string>) => {
  const made = await ec2.send(new CreateSnapshotCommand({ VolumeId, TagSpecifications: tagged('snapshot', tags) }))
  await rehearsal.cloud.control.ageDisk(made.SnapshotId ?? '', OLD)
  return made.SnapshotId ?? ''
}
const log = () => [...rehearsal.cloud.lambdas.logs()].map(([name, text]) => `${name}\n${text}`).join('\n')

it('EC2 would launch, by the word of the function that launches and with nothing launched', async () => {
  const { code, out, stderr } = await rehearsal.cli(['cloud', 'doctor'])
  expect(code, out + stderr + log()).toBe(0)
  expect(out).toMatch(
    /✓ launch +EC2 would: fleet of one t3\.small \(x64\) on demand; t3\.small \(x64\) on demand; fleet of one t3\.small \(x64\) spot;/,
  )
  expect(out).toMatch(/! vCPUs on demand +only 5 at the same time[\s\S]*! vCPUs spot +only 5/)
  expect(await rehearsal.cloud.control.instances()).toEqual([])
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})

it('a permission that the stack lacks is named, with what it is for', async () => {
  const on = 'arn:aws:ec2:us-east-1:123456789012:instance/*'
  const message = `You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/step/step is not authorized to perform: ec2:RunInstances on resource: ${on} with an explicit deny in a service control policy. Encoded authorization failure message: AAAA`
  await rehearsal.cloud.control.fault({ code: 'UnauthorizedOperation', service: 'ec2', action: 'RunInstances', message })
  const { code, out } = await rehearsal.cli(['cloud', 'doctor'])
  expect(out).toContain(`the stack may not use ec2:RunInstances on ${on}`)
  expect(out).toContain('SCP')
  expect(out).not.toContain('AAAA')
  expect(code).toBe(1)
})

it('an image that is gone is told as what it is', async () => {
  await rehearsal.cloud.control.fault({ code: 'InvalidAMIID.NotFound', service: 'ec2', action: 'RunInstances' })
  const { code, out } = await rehearsal.cli(['cloud', 'doctor'])
  expect([code, out]).toEqual([1, expect.stringContaining('the machine image of the stack is not there')])
})

it('orphans of every kind are shown with age and price, and what is somebody’s is not', async () => {
  expect(await rehearsal.cli(['cloud', 'doctor', '--orphans'])).toMatchObject({
    code: 0,
    out: '',
    stderr: expect.stringContaining('nothing is orphaned'),
  })
  const unknown = await launch({ ...MINE, 'remote:session': 's-0000000000', 'remote:attempt': '1' }, OLD)
  // As a spot request would bring it: from our template, without tags.
  const untagged = await launch({}, OLD)
  const young = await launch(MINE, 60)
  const kept = await launch({ ...MINE, 'remote:keep': 'mine' }, OLD)
  const created = await rehearsal.cli(['workspace', 'create', '--name', 'alpha', '--size', '10gb'])
  expect(created.code, created.stderr).toBe(0)
  const used = await volume({ ...MINE, 'remote:workspace': 'alpha' }, OLD)
  const left = await volume({ ...MINE, 'remote:workspace': 'beta' }, OLD)
  const copy = await snapshot(used, { ...MINE, 'remote:workspace': 'beta' })
  const image = await snapshot(used, { ...MINE, 'remote:image': 'x64' })
  const shown = await rehearsal.cli(['cloud', 'doctor', '--orphans'])
  expect(shown.code, shown.stderr + log()).toBe(1)
  const line = (id: string) => shown.out.split('\n').find((one) => one.includes(id))
  expect(line(unknown)).toMatch(
    /^machine +i-\w+ +t3.small, us-east-1\w, running +2h.* 0\.0258 +there is no record of its session/,
  )
  expect(line(untagged)).toMatch(/it carries no session/)
  expect(line(left)).toMatch(/^volume +vol-\w+ +100 GB, us-east-1a +2h.* 0\.0110 +there is no workspace beta any more/)
  expect(line(copy)).toMatch(/^snapshot/)
  for (const id of [young, kept, used, image]) expect(line(id)).toBeUndefined()
  const json = JSON.parse((await rehearsal.cli(['cloud', 'doctor', '--orphans', '--json'])).out)
  expect(json.orphans.map(({ id }: { id: string }) => id).sort()).toEqual([unknown, untagged, left, copy].sort())

  // Nobody is asked where nobody is.
  expect(await rehearsal.cli(['cloud', 'doctor', '--orphans', '--end'])).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/nobody is here to ask[\s\S]*--orphans --end --yes/),
  })
  expect((await rehearsal.cli(['cloud', 'doctor', '--end'])).code).toBe(2)
  const ended = await rehearsal.cli(['cloud', 'doctor', '--orphans', '--end', '--yes'])
  expect(ended.code, ended.stderr + log()).toBe(0)
  for (const id of [unknown, untagged, left, copy]) expect(ended.out).toContain(`ended ${id}`)
  const alive = (await rehearsal.cloud.control.instances()).filter(({ state }) => state !== 'terminated').map(({ id }) => id)
  expect(alive.sort()).toEqual([young, kept].sort())
  const { Volumes = [] } = await ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'tag:remote:stack', Values: ['remote'] }] }),
  )
  expect(Volumes.map(({ VolumeId }) => VolumeId)).toEqual([used])
})

it('whoever may not operate the stack is told which permission that takes', async () => {
  const nobody = await rehearsal.cloud.control.user('eve', [
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: '*' }] },
  ])
  const { code, stderr } = await rehearsal.world.cli(['cloud', 'doctor', '--orphans'], {
    env: { ...rehearsal.world.env, AWS_ACCESS_KEY_ID: nobody.accessKeyId, AWS_SECRET_ACCESS_KEY: nobody.secretAccessKey },
  })
  expect([code, stderr]).toEqual([5, expect.stringContaining('may not use lambda:InvokeFunction of stack remote')])
})
