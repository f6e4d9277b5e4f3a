import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRunnerBundle } from '../../build-runner-bundle.ts'
import { bakeImage } from './debian-root-baked.ts'
import { openInstanceHost } from './instances.ts'
import { Launch } from './instances-launch.ts'
import { assumeRole, type Call, CREDENTIALS, openStubPlane, type Reply, userDataFor } from './instances-stub-plane.ts'
import type { Machine } from './machine.ts'

export const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'
export const ROLE = 'arn:aws:iam::123456789012:role/remote-instance'
const SIGNATURE = '0123456789abcdef'
export const PRESIGNED = `/runner.tar.gz?X-Amz-Signature=${SIGNATURE}`

export type BootScene = Awaited<ReturnType<typeof openBootScene>>

/** Machines that boot for real, and a control plane that says what a test wants it to. Its runners are kept asking, so that they are there. */
export const openBootScene = async (layers: readonly string[] = []) => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-boot-'))
  const bundle = buildRunnerBundle(ARCH, dir)
  const consoles = new Map<string, string>()
  /** By session: what the control plane answers otherwise than it should. */
  const trouble = new Map<string, (call: Call, times: number) => Reply | undefined>()

  const plane = await openStubPlane((call) => {
    if (call.path === PRESIGNED) return { status: 200, body: readFileSync(bundle.file) }
    const [, session = '', what = ''] = /^\/v1\/runner\/([^/]+)\/1\/(.*)$/.exec(call.path) ?? []
    const times = plane.calls.filter(({ path }) => path === call.path).length
    const other = trouble.get(session)?.(call, times)
    if (other) return other
    if (what === 'hello') return { status: 503, body: '{}' }
    if (what === 'boot-failed') return { status: 200, body: '{}' }
    if (what === `bundle?arch=${ARCH}`)
      return { status: 200, body: JSON.stringify({ url: `${plane.url}${PRESIGNED}`, sha256: bundle.sha256 }) }
    return undefined
  })
  const onOff = (id: string, _: string, console: string) => consoles.set(id, console)
  const options = { assumeRole, ports: [plane.port], onOff }
  const debian = await openInstanceHost(options)
  const host = await openInstanceHost({ ...options, baked: [bakeImage(join(dir, 'image'), { runner: bundle }), ...layers] })

  return {
    bundle,
    plane,
    consoles,
    trouble,
    /** Of plain Debian. */
    debian,
    /** Of an image that has the runner. */
    host,
    launch: (session: string, more: Partial<Launch> = {}, on = host): Promise<Machine> =>
      on.launch(
        Launch.parse({
          ...{
            id: `i-${session.slice(2)}`,
            type: 't3.small',
            zone: 'us-east-1a',
            roleArn: ROLE,
            userData: userDataFor(plane.url),
          },
          ...more,
          tags: { 'remote:session': session, 'remote:attempt': '1', ...more.tags },
        }),
      ),
    hello: (session: string) => plane.seen(({ path }) => path === `/v1/runner/${session}/1/hello`),
    /** What was told of a machine's failure: signed, bounded, and without anything secret. */
    bootFailed: async (session: string): Promise<string> => {
      const { body, signed } = await plane.seen(({ path }) => path === `/v1/runner/${session}/1/boot-failed`)
      const leaked = [...Object.values(CREDENTIALS), SIGNATURE].filter((secret) => body.includes(secret))
      if (!signed || body.length > 20_000 || leaked.length > 0)
        throw new Error(`signed: ${signed}, leaked: ${leaked}, told: ${body}`)
      return (JSON.parse(body) as { text: string }).text
    },
    async close() {
      await host.close()
      await debian.close()
      plane.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
