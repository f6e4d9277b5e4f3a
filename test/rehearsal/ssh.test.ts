import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { freePort } from './aws.ts'
import type { PolicyDocument } from './control.ts'
import type { Machine } from './machine.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { machineOfSession, runningSession, said } from './running-session.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 120_000
const SERVER = `node -e "require('http').createServer((_, r) => r.end('served by ' + require('os').userInfo().username)).listen(3000, '127.0.0.1')"`

let rehearsal: Rehearsal
let session: Session
let machine: Machine
/** Of the person's programs alone, so that what they leave there is theirs. */
let temporary: string

beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
  temporary = join(rehearsal.world.dir, 'tmp')
  mkdirSync(temporary)
  session = await running(SERVER)
  machine = await machineOf(session)
}, 600_000)
afterAll(() => rehearsal?.close())

const running = (task: string) => runningSession(rehearsal, task)
const machineOf = (of: Session) => machineOfSession(rehearsal, of)
const env = (more: Record<string, string> = {}) => ({ env: { TMPDIR: temporary, ...more } })
const ssh = (...command: string[]) => rehearsal.world.cli(['ssh', session.id, '--', ...command], env())
const noTunnels = () => until('all tunnels are closed', async () => (rehearsal.cloud.tunnels.count() === 0 ? true : undefined))

describe('remote ssh', () => {
  it('runs a command as the agent on the machine, with its output and exit code', async () => {
    const { code, out, stderr } = await ssh('id -un; readlink work; node --version; echo err >&2; exit 7')
    expect([code, out.split('\n').slice(0, 2)], stderr).toEqual([7, ['agent', `/var/lib/remote/sessions/${session.id}/work`]])
    expect(out).toMatch(/\nv24\./)
    expect(stderr).toBe('err\n')
  })

  it('is a shell on a terminal when no command is given', async () => {
    const dist = fileURLToPath(new URL('../../dist/remote.cjs', import.meta.url))
    const command = `stty rows 30 columns 91; '${process.execPath}' '${dist}' ssh ${session.id}`
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...rehearsal.world.env, TMPDIR: temporary, TERM: 'xterm', SHELL: '/bin/sh' },
    })
    let out = ''
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString()
    })
    const ended = once(child, 'close')
    await until('there is a prompt', async () => (out.includes('agent@') ? true : undefined), PATIENCE_MS)
    child.stdin.write('stty size; echo $((40 + 2)) $(command -v npm); exit 4\n')
    expect(await ended).toEqual([4, null])
    expect(out).toMatch(/\r30 91\r\n42 \/opt\/remote\/current\/bin\/npm\r\n/)
  })

  it('carries any bytes in both directions, however many', async () => {
    const bytes = randomBytes(3_000_001)
    const { code, stdout, stderr } = await rehearsal.world.cli(['ssh', session.id, '--', 'cat'], { ...env(), stdin: bytes })
    expect(code, stderr).toBe(0)
    expect(stdout.equals(bytes)).toBe(true)
  })

  it('can no more than the agent: no metadata, no way to become anybody else, nothing of this computer', async () => {
    const ask = "curl -s -o /dev/null --max-time 3 -w '%{http_code}' http://169.254.169.254/latest/api/token; echo"
    const { out } = await ssh(`${ask}; grep NoNewPrivs /proc/self/status; echo "[$SSH_AUTH_SOCK]"`)
    expect(out).toBe('000\nNoNewPrivs:\t1\n[]\n')
  })

  it('leaves no key behind, also when it is ended', async () => {
    const child = rehearsal.world.start(['ssh', session.id, '--', 'echo begun; exec sleep 300'], env())
    await said(child.stdout, 'begun')
    const [dir = ''] = readdirSync(temporary)
    expect(dir).toMatch(/^remote-\d+-/)
    child.kill('SIGTERM')
    await once(child, 'close')
    expect(readdirSync(temporary)).toEqual([])
    await noTunnels()
  })

  it('refuses a machine with another host key', async () => {
    const swap = 'cd /run/remote/ssh; mv host_key kept; ssh-keygen -q -t ed25519 -N "" -f host_key'
    await machine.run('sh', '-c', swap)
    try {
      const { code, out, stderr } = await ssh('echo in')
      expect([code, out]).toEqual([255, ''])
      expect(stderr).toContain('Host key verification failed')
    } finally {
      await machine.run('sh', '-c', 'cd /run/remote/ssh; mv kept host_key')
    }
    expect((await ssh('echo in')).out).toBe('in\n')
  })

  it('is among what the doctor tries', async () => {
    expect((await rehearsal.cli(['cloud', 'doctor'])).out).toMatch(/✓ ssh +OpenSSH_.*, through eice-[0-9a-f]{17}/)
  })

  it('says when the machine does not take ssh yet', async () => {
    // What may install ssh makes it ready when it is done.
    const installing = async () => (await machine.run('systemctl', 'show', '-P', 'ActiveState', 'remote-toolchain')).trim()
    await until('it is installed', async () => ((await installing()) === 'activating' ? undefined : true), PATIENCE_MS)
    await machine.run('systemctl', 'stop', 'remote-ssh.socket')
    const { code, stderr } = await ssh('echo in')
    expect([code, stderr]).toEqual([75, expect.stringContaining(`the machine of ${session.id} does not take ssh yet`)])
    await machine.run('/opt/remote/current/boot/ssh.sh')
    expect((await ssh('echo in')).out).toBe('in\n')
  })
})

describe('OpenSSH with the settings of remote ssh-config', () => {
  let config: string
  const person = (program: string, ...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const options = { env: { ...rehearsal.world.env, TMPDIR: temporary }, cwd: rehearsal.world.home, timeout: PATIENCE_MS }
      execFile(program, ['-F', config, ...args], options, (error, out, err) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      ).stdin?.end()
    })
  const host = () => `${session.id.slice(0, 11)}.remote`

  beforeAll(async () => {
    const { code, out, stderr } = await rehearsal.cli(['ssh-config'])
    expect(code, stderr).toBe(0)
    config = join(rehearsal.world.dir, 'ssh_config')
    writeFileSync(config, out)
  })

  it('copies files there and back, several at once', async () => {
    const bytes = randomBytes(200_000).toString('base64')
    writeFileSync(join(rehearsal.world.home, 'given.txt'), bytes)
    const copies = await Promise.all(['one', 'two', 'three'].map((name) => person('scp', 'given.txt', `${host()}:${name}.txt`)))
    expect(copies.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    const { code, err } = await person('scp', `${host()}:two.txt`, 'back.txt')
    expect([code, err]).toEqual([0, ''])
    const { out } = await ssh('cat one.txt three.txt')
    expect(out).toBe(bytes + bytes)
  })

  it('lets in nobody but the agent, and reaches nothing but what listens on the machine itself', async () => {
    expect(await person('ssh', '-l', 'root', host(), 'id')).toMatchObject({ code: 255, err: expect.stringContaining('denied') })
    expect(await person('ssh', '-W', '127.0.0.1:3000', host())).toMatchObject({ code: 0 })
    for (const place of ['169.254.169.254:80', '10.0.0.1:80'])
      expect(await person('ssh', '-W', place, host())).toMatchObject({ code: 255, err: expect.stringContaining('prohibited') })
  })

  it('says what is wrong with a host that is no session', async () => {
    const { code, err } = await person('ssh', 's-zzzzzzzzzz.remote', 'id')
    expect([code, err]).toEqual([255, expect.stringContaining('there is no session s-zzzzzzzzzz')])
  })
})

describe('who may not', () => {
  const allow = (Action: string[], more: object = {}): PolicyDocument => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*', ...more }],
  })
  const asking = ['execute-api:Invoke', 'cloudformation:DescribeStacks', 'ec2:DescribeInstanceConnectEndpoints']
  const as = async (name: string, ...policies: PolicyDocument[]) => {
    const { accessKeyId, secretAccessKey } = await rehearsal.cloud.control.user(name, policies)
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    return rehearsal.world.cli(['ssh', session.id, '--', 'echo in'], env(keys))
  }

  it('push a key, is told which right is missing', async () => {
    const { code, out, stderr } = await as('eve', allow(asking))
    expect([code, out]).toEqual([5, ''])
    expect(stderr).toContain('may not use ec2-instance-connect:SendSSHPublicKey')
    expect(stderr).toContain('PeoplePolicyArn')
  })

  it('open a tunnel, gets no further with a key', async () => {
    const { code, out, stderr } = await as('mallory', allow([...asking, 'ec2-instance-connect:SendSSHPublicKey']))
    expect([code, out]).toEqual([5, ''])
    expect(stderr).toContain('may not use ec2-instance-connect:OpenTunnel')
  })

  it('be another user than the agent, cannot push a key for one', async () => {
    const condition = { Condition: { StringEquals: { 'ec2:osuser': 'admin' } } }
    const { code, stderr } = await as('oscar', allow(asking), allow(['ec2-instance-connect:SendSSHPublicKey'], condition))
    expect([code, stderr]).toEqual([5, expect.stringContaining('SendSSHPublicKey')])
  })

  it('come through the endpoint, does not reach port 22 at all', async () => {
    const other = await machineOf(await running('sleep 600'))
    const knock = `timeout 3 bash -c 'exec 3<>/dev/tcp/${machine.address}/22' 2>/dev/null && echo open || echo closed`
    expect(await other.run('bash', '-c', knock)).toBe('closed\n')
    expect(await machine.run('bash', '-c', knock)).toBe('open\n')
    await expect(rehearsal.machines?.reach(machine.address, 3000)).rejects.toThrow('not reached')
    const through = await rehearsal.machines?.reach(machine.address, 22)
    await said(through ?? null, 'SSH-2.0')
    through?.destroy()
  })
})

it('a port is forwarded, again when the hour of the endpoint is over, until the session ends', async () => {
  const port = await freePort()
  rehearsal.cloud.tunnels.limit(4)
  const child = rehearsal.world.start(['forward', session.id, `${port}:3000`, '--json'], env())
  let err = ''
  child.stderr?.on('data', (part: Buffer) => {
    err += part.toString()
  })
  const ended = once(child, 'close')
  const printed = async (what: string) =>
    until(`it says ${what}`, async () => (err.includes(what) ? true : undefined), PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${error}: ${err}`)
    })
  const get = async () => (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(20_000) })).text()
  await printed(`127.0.0.1:${port} is port 3000 of ${session.id}`)
  expect(await get()).toBe('served by agent')
  await printed('opening it again')
  rehearsal.cloud.tunnels.limit(3600)
  await printed(`is port 3000 of ${session.id} again`)
  await until('it is served again', () => get().catch(() => undefined), PATIENCE_MS)

  const taken = await rehearsal.cli(['forward', session.id, String(port)])
  expect([taken.code, taken.stderr]).toEqual([4, expect.stringContaining(`port ${port} is in use here`)])

  expect((await rehearsal.cli(['terminate', session.id, '--now', '--wait'])).code).toBe(0)
  expect(await ended).toEqual([0, null])
  expect(err).toContain(`${session.id} has ended`)
  expect(readdirSync(temporary)).toEqual([])
  const late = await ssh('echo in')
  expect([late.code, late.stderr]).toEqual([5, expect.stringContaining(`${session.id} has ended: its machine is gone`)])
})

it('nobody who has the policy of the stack needed more', async () => {
  const denied = (await rehearsal.cloud.control.denials()).filter(
    ({ principal }) => !/user\/(eve|mallory|oscar)$/.test(principal),
  )
  expect(denied).toEqual([])
})
