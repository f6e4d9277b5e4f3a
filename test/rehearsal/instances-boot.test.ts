import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cloudInitLayer } from './debian-root.ts'
import { type InstanceHost, openInstanceHost } from './instances.ts'
import { ARCH, type BootScene, openBootScene, PRESIGNED, ROLE } from './instances-boot-scene.ts'
import { Launch } from './instances-launch.ts'
import { assumeRole, CREDENTIALS, userDataFor } from './instances-stub-plane.ts'
import type { Machine } from './machine.ts'

let scene: BootScene
beforeAll(async () => {
  scene = await openBootScene()
})
afterAll(() => scene?.close())

describe('a machine booted from the real user data', () => {
  let machine: Machine
  beforeAll(async () => {
    const from = performance.now()
    machine = await scene.launch('s-boots', {}, scene.debian)
    await scene.hello('s-boots')
    console.log(`launched → the runner's hello in ${Math.round(performance.now() - from)} ms`)
  })

  it('asks for the runner as itself', () => {
    const asked = scene.plane.calls.find(({ path }) => path === `/v1/runner/s-boots/1/bundle?arch=${ARCH}`)
    expect(asked).toMatchObject({ method: 'GET', signed: true, token: CREDENTIALS.sessionToken })
  })

  it('runs the runner with the Node that came with it, and the guards beside it', async () => {
    const state = await machine.run(
      'systemctl',
      'is-active',
      'remote-runner@s-boots-1.service',
      'remote-metadata-guard.service',
      'remote-dead-man.timer',
    )
    expect(state).toBe('active\nactive\nactive\n')
    const line = await machine.run('sh', '-c', "tr '\\0' ' ' </proc/$(systemctl show -P MainPID remote-runner@s-boots-1)/cmdline")
    expect(line).toContain('/opt/remote/current/bin/node /opt/remote/current/runner.js --session s-boots --attempt 1')
  })

  it('keeps the credentials of the instance out of arguments and files', async () => {
    const { secretAccessKey, sessionToken } = CREDENTIALS
    const search = `grep -rlsF -e "$0" -e "$1" /etc /home /opt/remote/current/boot /root /run /tmp /var || echo none`
    expect(await machine.run('sh', '-c', search, secretAccessKey, sessionToken)).toBe('none\n')
  })

  it("the agent's user cannot reach the metadata service, the machine can", async () => {
    const ask = (address: string) =>
      `curl -s -o /dev/null -w '%{http_code}' --max-time 5 http://${address}/latest/meta-data/ || echo " refused"`
    for (const address of ['169.254.169.254', '[fd00:ec2::254]']) {
      expect(await machine.run('sh', '-c', ask(address))).toBe('401')
      expect(await machine.run('setpriv', '--reuid=agent', '--regid=agent', '--init-groups', 'sh', '-c', ask(address))).toBe(
        '000 refused\n',
      )
    }
    const other = `curl -s -o /dev/null -w '%{http_code}' ${scene.plane.url}/`
    expect(await machine.run('setpriv', '--reuid=agent', '--regid=agent', '--init-groups', 'sh', '-c', other)).toBe('404')
  })

  it('powers itself off when the runner ends, and says how it ended', async () => {
    await machine.run('systemctl', 'kill', '--signal=KILL', 'remote-runner@s-boots-1.service')
    await machine.off
    expect(await scene.bootFailed('s-boots')).toMatch(/^the runner ended: signal killed KILL\n/)
  })
})

describe('a boot that fails is told to the user, and the machine is gone', () => {
  const ends = async (session: string, more?: Partial<Launch>, on?: InstanceHost) => {
    const machine = await scene.launch(session, more, on)
    await machine.off
    return scene.bootFailed(session)
  }

  it('when the runner that came is another', async () => {
    const sha256 = '0'.repeat(64)
    scene.trouble.set('s-other', ({ path }) =>
      path.includes('bundle')
        ? { status: 200, body: JSON.stringify({ url: `${scene.plane.url}${PRESIGNED}`, sha256 }) }
        : undefined,
    )
    expect(await ends('s-other')).toContain('the runner that was downloaded is another')
  })

  it('when the control plane refuses', async () => {
    const refusal = '{"error":{"code":"fenced","message":"another machine has \\"it\\""}}'
    scene.trouble.set('s-refused', ({ path }) => (path.includes('bundle') ? { status: 403, body: refusal } : undefined))
    expect(await ends('s-refused')).toContain(`refused the runner to this machine (403): ${refusal}`)
  })

  it('when the runner is not there', async () => {
    scene.trouble.set('s-absent', ({ path }) =>
      path.includes('bundle')
        ? { status: 200, body: `{"url":"${scene.plane.url}/none","sha256":"${scene.bundle.sha256}"}` }
        : undefined,
    )
    expect(await ends('s-absent', {}, scene.debian)).toContain('the runner could not be downloaded')
  })

  it('when its workspace cannot be mounted', async () => {
    const first = await scene.launch('s-foreign1', { volumes: [{ id: 'vol-foreign', gib: 1 }] })
    await first.run(
      'sh',
      '-c',
      'echo precious | dd of=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_volforeign bs=1M seek=2 conv=notrunc status=none',
    )
    await first.kill()
    const more = { tags: { 'remote:volume': 'vol-foreign' }, volumes: [{ id: 'vol-foreign', gib: 1 }] }
    expect(await ends('s-foreign2', more)).toContain('has something on it that is no file system: it is left alone')
  })

  it('when nobody may hear it: it is on the console', async () => {
    const machine = await scene.host.launch(
      Launch.parse({
        id: 'i-untagged',
        type: 't3.small',
        zone: 'us-east-1a',
        roleArn: ROLE,
        metadataTags: false,
        userData: hasty(),
      }),
    )
    await machine.off
    expect(scene.consoles.get('i-untagged')).toContain('remote: the instance has no tag remote:session')
  })
})

/** Waits less than the real one. */
const hasty = () => {
  const text = Buffer.from(userDataFor(scene.plane.url), 'base64').toString()
  return Buffer.from(text.replace('BOOT_SECONDS=240', 'BOOT_SECONDS=3')).toString('base64')
}

it('cloud-init itself starts it, as our model does', { timeout: 660_000 }, async () => {
  const options = { assumeRole, ports: [scene.plane.port], baked: [await cloudInitLayer()], cloudInitModel: false }
  const real = await openInstanceHost(options)
  const refusal = { status: 403, body: '{"code":"fenced"}' }
  scene.trouble.set('s-cloudinit', ({ path }) => (path.includes('bundle') ? refusal : undefined))
  const from = performance.now()
  const machine = await scene.launch('s-cloudinit', {}, real)
  await machine.off
  console.log(`cloud-init: launched → refused and off in ${Math.round(performance.now() - from)} ms`)
  expect(await scene.bootFailed('s-cloudinit')).toContain('the control plane refused the runner to this machine (403)')
  await real.close()
})

it('a machine whose image has the runner does not download it', async () => {
  const downloads = () => scene.plane.calls.filter(({ path }) => path === PRESIGNED).length
  const before = downloads()
  const from = performance.now()
  const machine = await scene.launch('s-baked')
  await scene.hello('s-baked')
  console.log(`launched → the runner's hello with a baked image in ${Math.round(performance.now() - from)} ms`)
  await machine.kill()
  expect(downloads()).toBe(before)
})

it('a control plane that has not recorded the launch yet is asked again', async () => {
  scene.trouble.set('s-early', ({ path }, times) =>
    path.includes('bundle') && times < 3 ? { status: times === 1 ? 425 : 503, body: '{}' } : undefined,
  )
  const machine = await scene.launch('s-early')
  await scene.hello('s-early')
  expect(scene.plane.calls.filter(({ path }) => path === `/v1/runner/s-early/1/bundle?arch=${ARCH}`)).toHaveLength(3)
  await machine.kill()
})
