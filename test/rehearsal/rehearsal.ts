import { World } from '../support/world.ts'
import { deployStacks, type Outputs } from './cdk-deploy.ts'
import { type Cloud, openCloud, REGION } from './cloud.ts'
import { deployAssembly } from './deploy-assembly.ts'
import { type InstanceHost, type InstanceHostOptions, openInstanceHost } from './instances.ts'

export type Rehearsal = {
  endpoint: string
  cloud: Cloud
  /** Of the control plane's stack. */
  outputs: Record<string, string>
  /** What the person's programs have in their environment. */
  env: Record<string, string>
  /** The person's machine. */
  world: World
  cli: World['cli']
  machines: InstanceHost | undefined
  /** What a machine last wrote to its console, after it is off. */
  consoles: ReadonlyMap<string, string>
  close(): Promise<void>
}

const controlPlane = (outputs: Outputs): Record<string, string> => {
  const found = Object.values(outputs).find(({ ApiUrl }) => ApiUrl !== undefined)
  if (!found) throw new Error(`no stack has an API: ${Object.keys(outputs).join(', ')}`)
  return found
}

export type RehearsalOptions = {
  /** `false`: EC2 says that machines run, and there are none. */
  machines?: boolean
  /** Of infra/config.ts. */
  settings?: Record<string, string>
  /** `cdk`: by the CDK's own bootstrap and deploy, which takes most of a minute. */
  deploy?: 'assembly' | 'cdk'
  /** Directories laid over the machines' root: what their image has besides Debian. */
  baked?: readonly string[]
  /** What is laid over a single machine's. */
  odd?: InstanceHostOptions['odd']
  /** Of our loopback, which machines reach besides the stack. */
  ports?: readonly number[]
}

/** Everything of the cloud on this machine: the deployed stacks, machines that boot, and a person with the real CLI. */
export const openRehearsal = async (options: RehearsalOptions = {}): Promise<Rehearsal> => {
  const closing: (() => unknown)[] = []
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const cloud = await openCloud()
    closing.push(cloud.close)
    const outputs = controlPlane(await (options.deploy === 'cdk' ? deployStacks : deployAssembly)(cloud, options.settings ?? {}))
    await cloud.control.enforce(true)
    const consoles = new Map<string, string>()
    const { control, endpoint, port, front } = cloud
    const machines =
      options.machines === false
        ? undefined
        : await openInstanceHost({
            launcherUrl: `${endpoint}/_rehearsal`,
            assumeRole: control.credentials,
            ports: [port, ...front.ports, ...(options.ports ?? [])],
            baked: options.baked ?? [],
            ...(options.odd ? { odd: options.odd } : {}),
            onOff: (id, _, console) => consoles.set(id, console),
          })
    if (machines) {
      closing.push(machines.close)
      cloud.tunnels.through(machines.reach)
      await control.places({ instances: machines.url })
    }
    const env = cloud.env(await control.user('ada', [], [outputs['PeoplePolicyArn'] ?? '']))
    const world = new World({ ...env, AWS_REGION: REGION })
    closing.push(() => world.close())
    return { endpoint, cloud, outputs, env, world, cli: world.cli.bind(world), machines, consoles, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The same, and it is where the person's sessions run. */
export const openRehearsalInUse = async (options: RehearsalOptions = {}): Promise<Rehearsal> => {
  const rehearsal = await openRehearsal(options)
  const { code, stderr } = await rehearsal.cli(['cloud', 'use'])
  if (code === 0) return rehearsal
  await rehearsal.close()
  throw new Error(`remote cloud use exited with ${code}: ${stderr}`)
}
