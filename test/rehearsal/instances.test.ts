import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InstanceHost, openInstanceHost } from './instances.ts'
import { SHARED_MAC } from './instances-enclosure.ts'
import { Launch } from './instances-launch.ts'
import { assumeRole, CREDENTIALS, openStubPlane } from './instances-stub-plane.ts'
import type { Machine } from './machine.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const ROLE = 'arn:aws:iam::123456789012:role/remote-instance'
const IMDS = 'http://169.254.169.254/latest'
const TOKEN = `token=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${IMDS}/api/token)`
const CURL = "curl -s -o /dev/null -w '%{http_code}' --max-time 2"
const off = new Map<string, { why: string; console: string }>()
let host: InstanceHost
let plane: Awaited<ReturnType<typeof openStubPlane>>

const launch = (id: string, more: Partial<Launch> = {}) =>
  host.launch(Launch.parse({ id, type: 't3.small', zone: 'us-east-1a', roleArn: ROLE, ...more }))
const metadata = (machine: Machine, path: string) =>
  machine.run('sh', '-c', `${TOKEN}; curl -sS -w ' %{http_code}' -H "X-aws-ec2-metadata-token: $token" ${IMDS}/${path}`)
const send = (method: string, path: string, body: unknown = {}) =>
  fetch(`${host.url}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

beforeAll(async () => {
  plane = await openStubPlane(({ path }) => (path === '/' ? { status: 200, body: 'the plane' } : undefined))
  host = await openInstanceHost({
    assumeRole,
    ports: [plane.port],
    onOff: (id, why, console) => off.set(id, { why, console }),
  })
})
afterAll(async () => {
  await host?.close()
  plane?.close()
})

it('an instance boots Debian from its user data and is off after it has powered itself off', async () => {
  const from = performance.now()
  const userData = base64('#!/bin/sh\necho "hello from $(cat /proc/1/comm) as $(id -un)" >/dev/console\nsystemctl poweroff\n')
  const machine = await launch('i-hello', { userData })
  await machine.off
  console.log(`an instance booted, ran its user data and powered off in ${Math.round(performance.now() - from)} ms`)
  expect(off.get('i-hello')).toMatchObject({ why: 'instance-initiated' })
  expect(off.get('i-hello')?.console).toContain('hello from systemd as root')
})

describe('the metadata service', () => {
  let machine: Machine
  beforeAll(async () => {
    machine = await launch('i-metadata', { tags: { 'remote:session': 's-1', Name: 'remote s-1' }, lifecycle: 'spot' })
  })

  it('says nothing without a token of its own', async () => {
    const status = (args: string) => machine.run('sh', '-c', `curl -s -o /dev/null -w '%{http_code}' ${args}`)
    expect(await status(`${IMDS}/meta-data/instance-id`)).toBe('401')
    expect(await status(`-H 'X-aws-ec2-metadata-token: made-up' ${IMDS}/meta-data/instance-id`)).toBe('401')
    expect(await status(`-X PUT ${IMDS}/api/token`)).toBe('400')
    expect(await status(`-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21601' ${IMDS}/api/token`)).toBe('400')
    const proxied = "-H 'X-Forwarded-For: 10.0.0.9' -H 'X-aws-ec2-metadata-token-ttl-seconds: 60'"
    expect(await status(`-X PUT ${proxied} ${IMDS}/api/token`)).toBe('403')
  })

  it('knows the instance, its place and its tags', async () => {
    expect(await metadata(machine, 'meta-data/instance-id')).toBe('i-metadata 200')
    expect(await metadata(machine, 'meta-data/placement/region')).toBe('us-east-1 200')
    expect(await metadata(machine, 'meta-data/instance-life-cycle')).toBe('spot 200')
    expect(await metadata(machine, 'meta-data/tags/instance')).toBe('Name\nremote:session 200')
    expect(await metadata(machine, 'meta-data/tags/instance/remote:session')).toBe('s-1 200')
    expect(await metadata(machine, 'meta-data/tags/instance/none')).toBe(' 404')
    expect(await metadata(machine, 'user-data')).toBe(' 404')
    const document = JSON.parse((await metadata(machine, 'dynamic/instance-identity/document')).slice(0, -4))
    expect(document).toMatchObject({ instanceId: 'i-metadata', instanceType: 't3.small', privateIp: machine.address })
  })

  it('is there at its IPv6 address too', async () => {
    expect(await machine.run('sh', '-c', TOKEN.replace('169.254.169.254', '[fd00:ec2::254]'))).toBe('')
  })

  it("gives the role's credentials, issued for this instance", async () => {
    expect(await metadata(machine, 'meta-data/iam/security-credentials/')).toBe('remote-instance 200')
    const answer = await metadata(machine, 'meta-data/iam/security-credentials/remote-instance')
    expect(JSON.parse(answer.slice(0, -4))).toMatchObject({
      ...{ Code: 'Success', AccessKeyId: CREDENTIALS.accessKeyId, Token: CREDENTIALS.sessionToken },
    })
  })

  it('tells of an interruption once there is one', async () => {
    expect(await metadata(machine, 'meta-data/spot/instance-action')).toBe(' 404')
    await send('PUT', '/instances/i-metadata/spot', { seconds: 120 })
    await send('PUT', '/instances/i-metadata/rebalance')
    expect(await metadata(machine, 'meta-data/spot/instance-action')).toMatch(
      /^\{"action":"terminate","time":"[-0-9T:]+Z"\} 200$/,
    )
    expect(await metadata(machine, 'meta-data/events/recommendations/rebalance')).toContain('noticeTime')
  })

  it('does not answer over a second hop', async () => {
    const further = `
      echo 1 >/proc/sys/net/ipv4/ip_forward
      ip netns add further && ip link add far type veth peer name near netns further && ip address add 192.168.9.1/24 dev far
      ip link set far up && ip -n further link set near up && ip -n further address add 192.168.9.2/24 dev near
      ip -n further route add default via 192.168.9.1
      nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post masquerade'`
    const reach = (url: string) => machine.run('nsenter', '--net=/run/netns/further', 'sh', '-c', `${CURL} ${url} || true`)
    await machine.run('sh', '-c', further)
    expect(await reach(`http://10.0.0.1:${plane.port}/`)).toBe('200')
    expect(await reach(IMDS)).toBe('000')
  })
})

it('a machine reaches what it is meant to reach, under the same address, and nothing else', async () => {
  const machine = await launch('i-apart')
  const get = (url: string) => machine.run('sh', '-c', `curl -s --max-time 2 ${url} || echo "refused ($?)"`)
  const other = createServer((_, response) => response.end('not for machines'))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  expect(await get(`${plane.url}/`)).toBe('the plane')
  expect(await get(`http://127.0.0.1:${plane.port}/`)).toBe('the plane')
  const { port } = other.address() as AddressInfo
  expect(await get(`http://127.0.0.1:${port}/`)).toContain('refused')
  expect(await get(`http://10.0.0.1:${port}/`)).toContain('refused')
  expect(
    await machine.run('sh', '-c', 'ip route get 192.0.2.1 && curl -s --max-time 2 http://192.0.2.1/ || echo refused'),
  ).toContain('refused')
  other.close()
})

it('what all machines share is in one place, whichever other machines come and go', async () => {
  const machine = await launch('i-neighbour')
  await metadata(machine, 'meta-data/instance-id')
  expect(await machine.run('ip', 'neigh', 'show', '169.254.169.254')).toContain(`lladdr ${SHARED_MAC} `)
})

it('each machine has processes, files and a name of its own', async () => {
  const [one, other] = await Promise.all([launch('i-one'), launch('i-other')])
  await one.run('sh', '-c', 'echo mine >/root/only-here; sleep 1000 >/dev/null 2>&1 </dev/null &')
  expect(await other.run('sh', '-c', 'ls /root; ps -eo args; hostname')).not.toMatch(/only-here|sleep 1000|rr-/)
  expect((await one.run('hostname')).trim()).toBe(one.hostname)
  expect(one.address).not.toBe(other.address)
})

describe('the ways a machine ends', () => {
  it('is turned off by the launcher, and what it has to do on its way down is done', async () => {
    const userData = base64(
      '#!/bin/sh\nsystemd-run --unit=last -p ExecStop="/bin/sh -c \'echo last words >/dev/console\'" sleep 1000\n',
    )
    const machine = await launch('i-off', { userData })
    await machine.run('sh', '-c', 'until systemctl is-active last; do sleep 0.1; done')
    expect((await send('DELETE', '/instances/i-off')).status).toBe(200)
    await machine.off
    expect(off.get('i-off')).toMatchObject({ why: 'user-initiated', console: expect.stringContaining('last words') })
    await host.terminate('i-off')
    await host.terminate('i-never-was')
  })

  it('loses its power without notice', async () => {
    const machine = await launch('i-kill')
    await machine.run('true')
    await send('POST', '/instances/i-kill/kill')
    await machine.off
    expect(off.get('i-kill')?.why).toBe('power-loss')
    await expect(machine.run('true')).rejects.toThrow('the machine is not running')
  })

  it('launched twice it is one machine', async () => {
    const ask = { id: 'i-twice', type: 't3.small', zone: 'us-east-1a' }
    const answers = await Promise.all([send('POST', '/instances', ask), send('POST', '/instances', ask)])
    const bodies = await Promise.all(answers.map((answer) => answer.json()))
    expect(bodies[0]).toEqual(bodies[1])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201])
  })

  it('tells the launcher', async () => {
    const told: string[] = []
    const launcher = createServer(async (request, response) => {
      for await (const part of request) told.push(`${request.method} ${request.url} ${part}`)
      response.end()
    })
    launcher.listen(0, '127.0.0.1')
    await once(launcher, 'listening')
    const other = await openInstanceHost({ launcherUrl: `http://127.0.0.1:${(launcher.address() as AddressInfo).port}` })
    const machine = await other.launch(Launch.parse({ id: 'i-told', type: 't3.small', zone: 'us-east-1a' }))
    await machine.run('true')
    await other.kill('i-told')
    await other.close()
    launcher.close()
    expect(told).toEqual(['POST /instances/i-told/terminated {"why":"power-loss","console":""}'])
  })

  it('goes with whoever opened its host, however that ended', async () => {
    const script = `
      const { openInstanceHost } = await import(${JSON.stringify(new URL('./instances.ts', import.meta.url).href)})
      const { Launch } = await import(${JSON.stringify(new URL('./instances-launch.ts', import.meta.url).href)})
      const host = await openInstanceHost()
      const machine = await host.launch(Launch.parse({ id: 'i-orphan', type: 't3.small', zone: 'us-east-1a', volumes: [{ id: 'vol-orphan', gib: 1 }] }))
      await machine.run('true')
      console.log(machine.devices)
      await new Promise((resolve) => setTimeout(resolve, 60_000))`
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const name = /rr-\d+-\w+/.exec(line)?.[0] ?? 'none'
    const left = () => {
      const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(name))
      return processes.length
    }
    expect(left()).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await expect.poll(left, { timeout: 10_000 }).toBe(0)
    const loops = () => readdirSync('/sys/block').filter((device) => backing(device).includes(name))
    await expect.poll(loops, { timeout: 10_000 }).toEqual([])
  })
})

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // gone meanwhile
  }
}
const commandLine = (pid: string) => read(`/proc/${pid}/cmdline`)
const backing = (device: string) => read(`/sys/block/${device}/loop/backing_file`)

describe('a volume', () => {
  const BY_ID = '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123'

  it('is found by its serial, keeps its data from machine to machine, and grows', async () => {
    const first = await launch('i-vol1', { volumes: [{ id: 'vol-0123', gib: 1 }] })
    await first.run('sh', '-c', `mkfs.ext4 -q ${BY_ID} && mount ${BY_ID} /mnt && echo kept >/mnt/file && umount /mnt`)
    await expect(host.volumes.attach('vol-0123', 1, await launch('i-vol2'))).rejects.toThrow('attached to i-vol1')
    await first.kill()
    const second = await launch('i-vol3')
    expect((await send('PUT', '/instances/i-vol3/volumes/vol-0123', { gib: 3 })).status).toBe(200)
    expect(await second.run('sh', '-c', `mount ${BY_ID} /mnt && cat /mnt/file && blockdev --getsize64 ${BY_ID}`)).toBe(
      'kept\n3221225472\n',
    )
    await send('DELETE', '/instances/i-vol3/volumes/vol-0123')
    expect(await second.run('sh', '-c', 'ls /dev/disk/by-id')).toBe('')
  })
})
