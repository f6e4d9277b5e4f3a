import { afterEach, describe, expect, it } from 'vitest'
import { openInstanceCredentials } from '../../../agent-bootstrap/cloud/instance-credentials.ts'
import { openInstanceMetadata } from '../../../agent-bootstrap/cloud/instance-metadata.ts'
import { type MachineMetadata, openMachineMetadata, roleFor } from '../../support/machine-metadata.ts'

const open: MachineMetadata[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})
const machineAt = async (clock?: () => number) => {
  const machine = await openMachineMetadata(clock)
  open.push(machine)
  return machine
}
const MINUTE = 60_000

describe("a machine's credentials", () => {
  it('are asked for once, and again from five minutes before their end on', async () => {
    const machine = await machineAt()
    let now = Date.now()
    machine.role = roleFor(30 * MINUTE)
    const credentials = openInstanceCredentials(openInstanceMetadata(machine.url), () => now)
    const both = await Promise.all([credentials(), credentials()])
    expect(both[0].accessKeyId).toBe(machine.role.AccessKeyId)
    now += 24 * MINUTE
    await credentials()
    expect(machine.asked).toBe(1)
    now += 2 * MINUTE
    machine.role = roleFor(90 * MINUTE, { AccessKeyId: 'ASIANEXT' })
    expect((await credentials()).accessKeyId).toBe('ASIANEXT')
  })

  it('are used to their end while the service is away', async () => {
    const machine = await machineAt()
    let now = Date.now()
    machine.role = roleFor(30 * MINUTE)
    const credentials = openInstanceCredentials(openInstanceMetadata(machine.url), () => now)
    const first = await credentials()
    open.splice(0)
    await machine.close()
    now += 28 * MINUTE
    expect(await credentials()).toEqual(first)
    now += 3 * MINUTE
    await expect(credentials()).rejects.toThrow()
  })
})

describe('the metadata service', () => {
  it('is asked with a new token when the old one is over', async () => {
    let now = Date.now()
    const machine = await machineAt(() => now)
    const metadata = openInstanceMetadata(machine.url)
    expect(await metadata.get('meta-data/iam/security-credentials/')).toBe('remote-machine')
    now += 7 * 60 * MINUTE
    expect(await metadata.get('meta-data/iam/security-credentials/')).toBe('remote-machine')
  })

  it('has nothing where there is nothing', async () => {
    const machine = await machineAt()
    expect(await openInstanceMetadata(machine.url).get('meta-data/spot/instance-action')).toBeUndefined()
  })
})
