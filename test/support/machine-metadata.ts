import type { AddressInfo } from 'node:net'
import { createImds, type Metadata } from '../rehearsal/imds.ts'

export const ROLE_CREDENTIALS = {
  AccessKeyId: 'ASIAMACHINE000000001',
  SecretAccessKey: 'machine/secret+key000000000000000000001',
  Token: `IQoJb3JpZ2luX2Vj${'dG9rZW4r/'.repeat(30)}==`,
}
type Role = typeof ROLE_CREDENTIALS & { Expiration: string }

export const roleFor = (ms: number, changes: Partial<Role> = {}): Role => ({
  ...ROLE_CREDENTIALS,
  Expiration: new Date(Date.now() + ms).toISOString(),
  ...changes,
})

/** A metadata service with a role whose credentials can be changed, and notices that can be given. */
export const openMachineMetadata = async (clock?: () => number) => {
  const machine = {
    role: roleFor(3_600_000),
    /** How often credentials were asked for. */
    asked: 0,
    /** How often it was asked for a spot notice, and whether it breaks off whatever is asked. */
    looks: 0,
    isAway: false,
    spot: undefined as { action: string; time: string } | undefined,
    rebalance: undefined as { noticeTime: string } | undefined,
    url: '',
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
  const credentials = () => JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...machine.role })
  const metadata: Metadata = {
    'meta-data': {
      iam: { 'security-credentials': { 'remote-machine': credentials } },
      spot: { 'instance-action': () => machine.spot && JSON.stringify(machine.spot) },
      events: { recommendations: { rebalance: () => machine.rebalance && JSON.stringify(machine.rebalance) } },
    },
  }
  const server = createImds(metadata, clock)
  server.on('connection', (socket) => socket.unref())
  server.prependListener('request', ({ url, socket }) => {
    if (machine.isAway) socket.destroy()
    if (url?.endsWith('/remote-machine')) machine.asked++
    if (url?.endsWith('/spot/instance-action')) machine.looks++
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  machine.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return machine
}
export type MachineMetadata = Awaited<ReturnType<typeof openMachineMetadata>>
