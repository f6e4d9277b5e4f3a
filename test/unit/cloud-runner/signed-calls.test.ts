import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { type MachineMetadata, openMachineMetadata, ROLE_CREDENTIALS } from '../../support/machine-metadata.ts'
import { readLog, startRunner } from '../../support/runner-process.ts'
import { signatureOf } from '../../support/signature-of.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

type Seen = { path: string; proof: ReturnType<typeof signatureOf> }

const world = async (task: string, gate: (path: string, n: number) => number | undefined = () => undefined) => {
  const seen: Seen[] = []
  const admit = (request: IncomingMessage, body: Buffer) => {
    const path = request.url ?? ''
    seen.push({ path, proof: signatureOf(request, body, ROLE_CREDENTIALS.SecretAccessKey) })
    return gate(path, seen.length)
  }
  const plane = await openFakeControlPlane(runSpec({ request: { task } }), { tcp: true, admit })
  const machine = await openMachineMetadata()
  open.push(plane, machine)
  return { plane, machine, seen }
}
const start = (plane: FakeControlPlane, machine: MachineMetadata, args: string[] = ['--region', 'eu-west-2']) =>
  startRunner(plane, { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }, args)

describe('a runner whose control plane is in AWS', () => {
  it('signs every call and the doorbell as its machine', async () => {
    const { plane, machine, seen } = await world('echo hi; sleep 0.5')
    const socket = `${plane.endpoint.replace('http', 'ws')}/v1/socket`
    const runner = start(plane, machine, ['--region', 'eu-west-2', '--socket', socket])
    expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
    expect((await readLog(plane)).length).toBeGreaterThan(1)
    const paths = seen.map(({ path }) => path.split('/').at(-1)?.split('?')[0])
    expect(paths).toEqual(expect.arrayContaining(['hello', 'beat', 'seal', 'done', 'socket']))
    expect(seen.find(({ path }) => path.includes('socket'))?.path).toBe(
      `/v1/socket?role=runner&session=${plane.spec.session}&attempt=1`,
    )
    for (const { proof } of seen)
      expect(proof).toMatchObject({
        ...{ holds: true, service: 'execute-api', region: 'eu-west-2' },
        ...{ accessKeyId: ROLE_CREDENTIALS.AccessKeyId, token: ROLE_CREDENTIALS.Token },
        signed: expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']),
      })
    expect(machine.asked).toBe(1)
  })

  it('comes again when the gate before the control plane refuses it', async () => {
    const { plane, machine, seen } = await world('true', (_, n) => (n <= 2 ? 403 : undefined))
    const runner = start(plane, machine)
    expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
    expect(seen.filter(({ path }) => path.endsWith('hello'))).toHaveLength(3)
  })

  it('whose clock is wrong says by how much, and dates its calls by the clock of AWS', async () => {
    const off = ({ headers }: IncomingMessage) => {
      const [, y, mo, d, h, m, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(String(headers['x-amz-date'])) ?? []
      return Math.abs(Date.now() - Date.parse(`${y}-${mo}-${d}T${h}:${m}:${s}Z`)) > 300_000
    }
    const plane = await openFakeControlPlane(runSpec({ request: { task: 'echo hi' } }), {
      tcp: true,
      admit: (request) => (off(request) ? 403 : undefined),
    })
    const machine = await openMachineMetadata()
    open.push(plane, machine)
    const clock = fileURLToPath(new URL('../../support/skewed-clock.cjs', import.meta.url))
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url, NODE_OPTIONS: `--require ${clock}`, CLOCK_SKEW_MINUTES: '12' }
    const runner = startRunner(plane, env, ['--region', 'eu-west-2'])
    expect(await runner.exit).toBe(0)
    expect(runner.stderr()).toMatch(/^this machine's clock is 12 minutes ahead of AWS's, which refuses that.*\n$/)
    expect(plane.said.done).toHaveLength(1)
  })

  it('is repeated while its launch is not recorded yet, and stops when it is fenced off', async () => {
    const { plane, machine } = await world('sleep 60')
    plane.refusals.push(425, 425)
    const runner = start(plane, machine)
    await plane.until('hello', () => plane.said.hello.length > 0)
    plane.fenced = true
    plane.ring()
    expect(await runner.exit).toBe(0)
    expect(plane.said.done).toEqual([])
  })

  it('says what is missing when it does not know its region', async () => {
    const { plane, machine } = await world('true')
    const runner = start(plane, machine, [])
    expect(await runner.exit).toBe(1)
    expect(runner.stderr()).toContain('--region')
  })
})
