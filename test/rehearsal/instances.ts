import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { debianRoot } from './debian-root.ts'
import { createImds } from './imds.ts'
import { type AssumeRole, instanceMetadata, instant, type Notices } from './imds-instance.ts'
import { openEnclosure } from './instances-enclosure.ts'
import { answerLauncher } from './instances-http.ts'
import type { Launch, PushedKey } from './instances-launch.ts'
import { addressOf, bootMachine, diskOf, hostnameOf, type Machine, macOf } from './machine.ts'
import { openVolumes } from './machine-volumes.ts'
import type { Reach } from './tunnels.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html */
const KEY_MS = 60_000

/** Who turned it off: somebody through the API, the machine itself, or nobody. */
export type Why = 'user-initiated' | 'instance-initiated' | 'power-loss'

export type Instance = { launch: Launch; tags: Record<string, string>; notices: Notices; machine: Promise<Machine>; why: Why }

export type InstanceHostOptions = {
  /** Told `POST <launcherUrl>/instances/<id>/terminated {why}` when a machine is off. */
  launcherUrl?: string
  /** Where the instances' role credentials come from. */
  assumeRole?: AssumeRole
  /** Ports of our loopback that the machines reach under the same address; nothing else outside is there for them. */
  ports?: readonly number[]
  /** What the image has besides Debian: directories laid over its root. */
  baked?: readonly string[]
  /** What that machine has besides: directories laid over the image's. */
  odd?: (launch: Launch) => readonly string[]
  /** False where the image brings the real one. */
  cloudInitModel?: boolean
  onOff?: (id: string, why: Why, console: string) => void
}

export type InstanceHost = {
  url: string
  instances: ReadonlyMap<string, Instance>
  launch(launch: Launch): Promise<Machine>
  terminate(id: string): Promise<void>
  /** Power loss. */
  kill(id: string): Promise<void>
  /** The notice of an interruption, as the metadata service shows it; whoever calls takes the machine away when its time is over. */
  interrupt(id: string, seconds: number, action?: string): void
  recommendRebalance(id: string): void
  /** An image of the disk of an instance that is off; machines that are launched with it boot from that. */
  makeImage(image: string, of: string): Promise<void>
  /** A key that opens the machine's ssh for a minute. */
  pushKey(id: string, key: PushedKey): void
  /** To a machine's port, as the Instance Connect Endpoint would come. */
  reach: Reach
  volumes: ReturnType<typeof openVolumes>
  close(): Promise<void>
}

/** What a machine wrote last is what EC2 shows. */
const CONSOLE_CHARACTERS = 60_000

/** Our model of EC2's machines: every instance is a Debian root with namespaces, disk and metadata service of its own. */
export const openInstanceHost = async (options: InstanceHostOptions = {}): Promise<InstanceHost> => {
  const { ports = [], baked = [], cloudInitModel = true, assumeRole, launcherUrl, odd = () => [] } = options
  const [root, enclosure] = await Promise.all([debianRoot(), openEnclosure()])
  for (const port of ports) await enclosure.open(port)
  await enclosure.filter(root)
  const instances = new Map<string, Instance>()
  const volumes = openVolumes(enclosure)
  /** Layers of images that were made here, first one on top. */
  const images = new Map<string, readonly string[]>()
  let count = 0

  const reportOff = async (instance: Instance, console: string) => {
    const { id } = instance.launch
    options.onOff?.(id, instance.why, console)
    if (!launcherUrl) return
    const body = JSON.stringify({ why: instance.why, console: console.slice(-CONSOLE_CHARACTERS) })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${launcherUrl}/instances/${id}/terminated`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(10_000),
    })
  }
  const boot = async (instance: Instance, number: number): Promise<Machine> => {
    const { launch, notices } = instance
    const place = { address: addressOf(number), hostname: hostnameOf(number), mac: macOf(launch.id), assumeRole }
    const imds = createImds(instanceMetadata(launch, notices, () => instance.tags, place))
    const onOff = (console: string) =>
      reportOff(instance, console).catch((error: unknown) =>
        globalThis.console.error(`the launcher was not told of ${launch.id}: ${error}`),
      )
    await enclosure.limitMetadataHops(root, place.address, launch.hopLimit)
    await enclosure.letIn(root, place.address, launch.openPorts)
    const machine = await bootMachine(enclosure, {
      ...{ id: launch.id, number, root, cloudInitModel, imds, ports, onOff, keepsDisk: launch.keepsDisk },
      baked: [...odd(launch), ...(images.get(launch.imageId) ?? []), ...baked],
    })
    for (const volume of launch.volumes) await volumes.attach(volume.id, volume.gib, machine)
    return machine
  }
  const ended = async (id: string, why: Why, how: (machine: Machine) => Promise<void>) => {
    const instance = instances.get(id)
    if (!instance) return
    if (instance.why === 'instance-initiated') instance.why = why
    await how(await instance.machine)
  }
  const known = (id: string): Instance => {
    const instance = instances.get(id)
    if (!instance) throw new Error(`there is no instance ${id}`)
    return instance
  }

  const host: Omit<InstanceHost, 'url' | 'close'> = {
    instances,
    volumes,
    launch(launch) {
      const existing = instances.get(launch.id)
      if (existing) return existing.machine
      const instance = { launch, tags: launch.tags, notices: {}, why: 'instance-initiated' as Why }
      const booted: Instance = Object.assign(instance, { machine: Promise.resolve().then(() => boot(booted, ++count)) })
      instances.set(launch.id, booted)
      return booted.machine
    },
    terminate: (id) => ended(id, 'user-initiated', (machine) => machine.turnOff()),
    kill: (id) => ended(id, 'power-loss', (machine) => machine.kill()),
    interrupt(id, seconds, action = 'terminate') {
      known(id).notices.spot = { action, time: instant(Date.now() + seconds * 1000) }
    },
    pushKey(id, key) {
      const { notices } = known(id)
      notices.keys = [...(notices.keys ?? []), { ...key, until: Date.now() + KEY_MS }]
    },
    reach: enclosure.connect,
    async makeImage(image, of) {
      const { launch, machine } = known(of)
      await (await machine).off
      images.set(image, [diskOf(enclosure, of), ...(images.get(launch.imageId) ?? [])])
    },
    recommendRebalance(id) {
      known(id).notices.rebalance = { noticeTime: instant(Date.now()) }
    },
  }
  const server = createServer(answerLauncher(host))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...host,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await enclosure.close()
    },
  }
}
