import {
  CreateImageCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Image,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { NO_SESSION } from '../../core/contract/id-patterns.ts'
import type { Baking, Builder } from '../../core/contract/operate.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Architecture } from '../../core/contract/runner.ts'
import { CATALOGUE } from '../../core/domain/catalogue.ts'
import { pricesOf } from '../../core/domain/prices.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { PriceStore } from '../../core/ports/price-store.ts'
import { dropImages } from './drop-images.ts'
import type { MachineStore } from './dynamo-machine-store.ts'
import { launchError, meaningOf } from './ec2-errors.ts'
import { TAGS } from './fleet-request.ts'
import type { Round } from './launch-round.ts'
import { BAKE_TAG } from './orphans.ts'
import { IMAGE_TAG } from './stack-disks.ts'
import { codeOf } from './volume-errors.ts'

export type Bakery = {
  ec2: EC2Client
  machines: Pick<MachineStore, 'assign'>
  stack: string
  version: string
  subnets: Round['subnets']
  templates: Readonly<Record<string, Round['launchTemplate']>>
  clock: Clock
  prices: Pick<PriceStore, 'get'>
  /** From now on machines of that architecture boot this image. */
  use(architecture: string, image: string): Promise<void>
}

/** Building wants memory, and is over in minutes. */
const MEMORY_GB = 4
/** The machine gives up by itself before that. */
const GIVEN_UP_MS = 30 * 60_000
const OF_TAG = 'remote:image-of'
const SAID = /remote: baked (\S+) (\S+)/

const tagsOf = ({ Tags = [] }: Pick<Instance, 'Tags'>) => new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))

/** Makes images out of machines: each call is one look, and may be repeated. Whoever asked goes on asking until it is done. */
export const openBakery = ({ ec2, machines, stack, version, subnets, templates, clock, prices, use }: Bakery) => {
  /** In the first zone that has one: there are zones that lack a type for good, and which one is the first is different in every account. */
  const launched = async (ask: RunInstancesCommandInput): Promise<string> => {
    let shortage: RemoteError | undefined
    for (const { id: SubnetId } of subnets) {
      try {
        return (await ec2.send(new RunInstancesCommand({ ...ask, SubnetId }))).Instances?.[0]?.InstanceId ?? ''
      } catch (error) {
        const { code, message } = codeOf(error)
        shortage = launchError(code, message)
        if (meaningOf(code).do !== 'elsewhere') throw shortage
      }
    }
    throw shortage ?? new RemoteError('refused', 'the stack has no subnets', { hint: 'deploy it again: remote cloud deploy' })
  }

  const begin = async (architecture: Architecture): Promise<Builder> => {
    const template = templates[architecture]
    const type = CATALOGUE.find((one) => one.architecture === architecture && one.memoryGb >= MEMORY_GB)
    if (!template || !type) {
      throw new RemoteError('refused', `the stack has no machines of ${architecture}`, {
        hint: `deploy it for them: remote cloud deploy --set architectures=${[...Object.keys(templates), architecture].join(',')}`,
      })
    }
    const tags = {
      [TAGS.stack]: stack,
      [TAGS.session]: NO_SESSION,
      [TAGS.attempt]: '1',
      [BAKE_TAG]: architecture,
      Name: `remote image ${architecture}`,
    }
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    const builder = await launched({
      MinCount: 1,
      MaxCount: 1,
      LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
      InstanceType: type.instance as never,
      // Its disk is what is wanted: powering off must not take it along.
      InstanceInitiatedShutdownBehavior: 'stop',
      TagSpecifications: [
        { ResourceType: 'instance', Tags },
        { ResourceType: 'volume', Tags },
      ],
    })
    await machines.assign(builder, { session: NO_SESSION, attempt: 1 })
    return { builder, instance: type.instance, usdPerHour: pricesOf(await prices.get()).onDemand(type) }
  }

  /** Only what carries both tags: the id is whoever asks' word. By a filter, since EC2 may not know for seconds what it has just launched. */
  const builderOf = async (id: string): Promise<Instance | undefined> => {
    const { Reservations = [] } = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] }),
    )
    const found = Reservations.flatMap(({ Instances = [] }) => Instances)[0]
    if (found === undefined) return undefined
    const tags = tagsOf(found)
    if (tags.get(TAGS.stack) === stack && tags.has(BAKE_TAG)) return found
    throw new RemoteError('not_found', `${id} is no machine that becomes an image of this stack`, {
      hint: 'begin again: remote cloud bake',
    })
  }
  const imageOf = async (id: string): Promise<Image | undefined> => {
    const Filters = [{ Name: `tag:${OF_TAG}`, Values: [id] }]
    return (await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters }))).Images?.[0]
  }
  const consoleOf = async (id: string): Promise<string> => {
    const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id }))
    return Buffer.from(Output, 'base64').toString('utf8')
  }
  const end = async (id: string) => {
    await builderOf(id)
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  }

  const make = async (id: string, architecture: string, launchedAt: Date): Promise<Baking> => {
    const said = await consoleOf(id)
    const baked = SAID.exec(said)
    if (!baked) {
      const why = said.split('\n').findLast((line) => line.includes('remote: '))
      // EC2 posts the console some time after the machine has stopped; until then it shows what was there when it had started.
      if (why === undefined && clock.now() - launchedAt.getTime() < GIVEN_UP_MS) return { stage: 'preparing' }
      await end(id)
      return { stage: 'failed', why: why?.replace(/^.*remote: /, '').trim() ?? 'it powered off without a word' }
    }
    const [, runner = '', toolchain = ''] = baked
    // Of the machine, so that an image which EC2 does not show yet is not made again: no two have one name.
    const made = launchedAt.toISOString().replace(/[:.]/g, '-')
    const tags = {
      [TAGS.stack]: stack,
      [IMAGE_TAG]: architecture,
      [OF_TAG]: id,
      'remote:version': version,
      'remote:runner': runner,
      'remote:toolchain': toolchain,
    }
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    const asking = new CreateImageCommand({
      InstanceId: id,
      Name: `remote ${stack} ${architecture} ${made} ${id}`,
      Description: `Machines of remote ${version}: runner, toolchain, agents`,
      TagSpecifications: [
        { ResourceType: 'image', Tags },
        { ResourceType: 'snapshot', Tags },
      ],
    })
    const { ImageId } = await ec2.send(asking).catch((error: unknown) => {
      if (codeOf(error).code === 'InvalidAMIName.Duplicate') return { ImageId: undefined }
      throw error
    })
    return { stage: 'imaging', ...(ImageId !== undefined && { image: ImageId }) }
  }

  const look = async (id: string): Promise<Baking> => {
    const machine = await builderOf(id)
    if (!machine) return { stage: 'preparing' }
    const architecture = tagsOf(machine).get(BAKE_TAG) ?? ''
    const image = await imageOf(id)
    if (image?.ImageId !== undefined) {
      if (image.State === 'pending') return { stage: 'imaging', image: image.ImageId }
      await end(id)
      if (image.State !== 'available')
        return { stage: 'failed', why: image.StateReason?.Message ?? `the image is ${image.State}` }
      await use(architecture, image.ImageId)
      return { stage: 'done', image: image.ImageId, replaced: await dropImages({ ec2, stack, architecture, now: clock.now() }) }
    }
    const state = machine.State?.Name
    if (state === 'stopped') return make(id, architecture, machine.LaunchTime ?? new Date(0))
    if (state === 'terminated' || state === 'shutting-down')
      return { stage: 'failed', why: machine.StateReason?.Message ?? 'its machine is gone' }
    return { stage: 'preparing' }
  }

  return { begin, look, end }
}
