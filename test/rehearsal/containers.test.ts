import { afterAll, beforeAll, expect, it } from 'vitest'
import { containersLayer } from './debian-root.ts'
import { type BootScene, openBootScene } from './instances-boot-scene.ts'
import type { Machine } from './machine.ts'

const SOCKET = '/run/remote-containers/agent/docker.sock'
/** An image of one program. Under the mount of /proc that a container makes there must be one that hides nothing, as on a real machine. */
const PREPARE = `
mkdir -m 700 /run/visible && mkdir /dev/net && mount -t proc proc /run/visible
mknod -m 666 /dev/net/tun c 10 200; mknod -m 666 /dev/fuse c 10 229
mkdir /tmp/image && cp /bin/busybox /tmp/image/ && ln -s busybox /tmp/image/sh
tar -C /tmp/image -cf /tmp/image.tar . && chmod 644 /tmp/image.tar
echo secret >/root/secret && chmod 600 /root/secret`

let scene: BootScene
let machine: Machine
beforeAll(async () => {
  scene = await openBootScene([await containersLayer()])
  machine = await scene.launch('s-box')
  await scene.hello('s-box')
  await machine.run('sh', '-ec', PREPARE)
  await docker('import', '/tmp/image.tar', 'box')
})
afterAll(() => scene?.close())

/** As an agent's processes are: its user's, without a right or any way to one. */
const asAgent = (...command: string[]) => {
  const confined = ['--reuid=agent', '--regid=agent', '--init-groups', '--bounding-set=-all', '--no-new-privs']
  const env = ['env', 'HOME=/home/agent', `CONTAINER_HOST=unix://${SOCKET}`]
  return machine.run('timeout', '60', 'setpriv', ...confined, ...env, ...command)
}
const docker = (...args: string[]) => asAgent('docker', ...args)
const inBox = (script: string, ...options: string[]) => docker('run', '--rm', ...options, 'box', '/sh', '-c', script)

it('an agent runs containers, in which it is root, and outside of which it is its own user', async () => {
  expect(await inBox('/busybox id -u')).toBe('0\n')
  const agent = (await machine.run('id', '-u', 'agent')).trim()
  await docker('run', '--detach', '--name', 'long', 'box', '/busybox', 'sleep', '600')
  expect(await machine.run('sh', '-c', 'ps -o uid= -C busybox | tr -d " "')).toBe(`${agent}\n`)
})

it('a container reaches the metadata service as little as its agent does, whatever network and user it has', async () => {
  const ask = 'echo | /busybox nc -w 5 169.254.169.254 80 >/dev/null 2>&1 && echo reached || echo refused'
  expect(await machine.run('sh', '-c', ask.replace('/busybox', 'busybox'))).toBe('reached\n')
  for (const options of [[], ['--network=host'], ['--network=host', '--user=1000'], ['--network=host', '--privileged']])
    expect(await inBox(ask, ...options), options.join(' ')).toBe('refused\n')
})

it('a container may read and write what its agent may, and nothing else', async () => {
  const look =
    '/busybox cat /host/root/secret || echo hidden; echo x > /host/etc/x || echo kept; echo mine > /host/home/agent/x && echo own'
  expect(await inBox(`{ ${look}; } 2>/dev/null`, '--volume=/:/host')).toBe('hidden\nkept\nown\n')
})

it('containers end with the service', async () => {
  const programs = async () => (await machine.run('ps', '-eo', 'comm=')).split('\n')
  expect(await programs()).toContain('busybox')
  await machine.run('systemctl', 'stop', 'remote-containers@agent.socket', 'remote-containers@agent.service')
  expect(await programs()).not.toContain('busybox')
})
