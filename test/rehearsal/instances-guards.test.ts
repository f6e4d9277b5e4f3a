import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BootScene, openBootScene } from './instances-boot-scene.ts'

let scene: BootScene
beforeAll(async () => {
  scene = await openBootScene()
})
afterAll(() => scene?.close())

describe("the dead man's timer", () => {
  it('leaves a machine alone whose runner is there, and ends one that has outlived its time', async () => {
    const machine = await scene.launch('s-ttl', { tags: { 'remote:ttl': '3600' } })
    await scene.hello('s-ttl')
    await machine.run('systemctl', 'start', 'remote-dead-man.service')
    expect(await machine.run('systemctl', 'is-active', 'remote-runner@s-ttl-1')).toBe('active\n')
    const env = '/run/remote/sessions/s-ttl-1.env'
    await machine.run('sh', '-c', `sed -i "s/^REMOTE_ENDS_AT=.*/REMOTE_ENDS_AT=$(($(cut -d. -f1 /proc/uptime) - 301))/" ${env}`)
    await machine.run('systemctl', 'start', '--no-block', 'remote-dead-man.service')
    await machine.off
    expect(await scene.bootFailed('s-ttl')).toMatch(/^the dead man's timer ended this machine: its time ended 30\d s ago\n/)
  })

  it('ends a machine whose runner is gone and whose other guard failed', async () => {
    const machine = await scene.launch('s-dead')
    await scene.hello('s-dead')
    const drop = '/run/systemd/system/remote-runner@.service.d'
    await machine.run(
      'sh',
      '-c',
      `mkdir -p ${drop} && printf '[Service]\\nExecStopPost=\\n' >${drop}/none.conf && systemctl daemon-reload`,
    )
    await machine.run('systemctl', 'stop', 'remote-runner@s-dead-1.service')
    await machine.run('sh', '-c', 'echo $(($(cut -d. -f1 /proc/uptime) - 301)) >/run/remote/runner-seen')
    await machine.run('systemctl', 'start', '--no-block', 'remote-dead-man.service')
    await machine.off
    expect(await scene.bootFailed('s-dead')).toMatch(/^the dead man's timer ended this machine: there was no runner for 30\d s\n/)
  })
})

it('a machine that was started again goes: its runner is lost', async () => {
  const machine = await scene.launch('s-again')
  await scene.hello('s-again')
  const wanted = '/etc/systemd/system/multi-user.target.wants/remote-rebooted.service'
  // What there is below /run is gone then.
  await machine.run('sh', '-c', `test -L ${wanted} && systemctl start remote-rebooted && rm /run/remote/machine.env`)
  await machine.run('systemctl', 'start', '--no-block', 'remote-rebooted')
  await machine.off
})

describe('a workspace', () => {
  const tags = { 'remote:volume': 'vol-work' }

  it('is made once, mounted before the runner starts, kept for the next machine, and grows', async () => {
    const first = await scene.launch('s-work1', { tags, volumes: [{ id: 'vol-work', gib: 1 }] })
    await scene.hello('s-work1')
    await first.run('sh', '-c', 'echo kept >/workspace/file; sync')
    await first.kill()
    const second = await scene.launch('s-work2', { tags })
    // Attached after the machine runs, as EC2 does it.
    await scene.host.volumes.attach('vol-work', 4, second)
    await scene.hello('s-work2')
    const [file, size] = (await second.run('sh', '-c', 'cat /workspace/file; df -B1 --output=size /workspace | tail -n 1')).split(
      '\n',
    )
    expect(file).toBe('kept')
    expect(Number(size)).toBeGreaterThan(3.7 * 1024 ** 3)
  })
})
