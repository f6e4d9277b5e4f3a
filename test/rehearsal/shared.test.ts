import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { REGION } from './cloud.ts'
import type { Machine } from './machine.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 180_000

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
}, 300_000)
afterAll(() => rehearsal?.close())

const SHELL = ['dispatch', '--agent', 'shell', '--ttl', '10m']
const said = () => [...rehearsal.cloud.lambdas.logs()].map(([name, log]) => `${name}\n${log}`).join('\n')
const dispatched = async (args: string[], cwd?: string): Promise<string> => {
  const argv = [...SHELL, '--detach', '--quiet', ...args]
  const { code, out, stderr } = await (cwd === undefined ? rehearsal.cli(argv) : rehearsal.world.cli(argv, { cwd }))
  expect(code, `${stderr}\n${said()}`).toBe(0)
  return out.trim()
}
const record = async (id: string): Promise<Session> => {
  const { out, stderr } = await rehearsal.cli(['status', id, '--json'])
  expect(out, stderr).not.toBe('')
  return JSON.parse(out) as Session
}
const reached = (id: string, state: Session['state']) =>
  until(
    `${id} is ${state}`,
    async () => {
      const session = await record(id)
      if (session.state === 'ended' && state !== 'ended') throw new Error(`${id} has ended: ${JSON.stringify(session.outcome)}`)
      return session.state === state ? session : undefined
    },
    PATIENCE_MS,
  )
const instances = async () => (await rehearsal.cloud.control.instances()).filter(({ state }) => state !== 'terminated')
const gone = (...sessions: Session[]) => {
  const ids = new Set(sessions.map(({ attempts }) => attempts[0]?.machine))
  const ask = async () => ((await instances()).some(({ id }) => ids.has(id)) ? undefined : true)
  return until(`${[...ids]} is gone`, ask, PATIENCE_MS)
}
const machineOf = async ({ attempts }: Session): Promise<Machine> => {
  const machine = rehearsal.machines?.instances.get(attempts[0]?.machine ?? '')?.machine
  if (!machine) throw new Error(`there is no machine ${attempts[0]?.machine}`)
  return machine
}
const userOf = (id: string) => `agent-${id.slice(2)}`
/** The commands of these tests say that they have begun, and go on when they may, by files in the home of the session's user. */
const WAIT = 'touch ~/begun; until [ -e ~/go ]; do sleep 0.2; done'
const letGo = (machine: Machine, user: string) => machine.run('touch', `/home/${user}/go`)
const begun = async (id: string, user: string): Promise<Machine> => {
  const machine = await machineOf(await reached(id, 'running'))
  await machine.run('sh', '-c', `until [ -e /home/${user}/begun ]; do sleep 0.2; done`)
  return machine
}

it('two sessions on one machine: a log, a branch and a user each; it goes when the second has ended', async () => {
  const repository = rehearsal.world.repository({ 'a.txt': 'committed\n' })
  const host = await dispatched([`echo host in $(pwd); id -un > who.txt; ${WAIT}; echo host ends`], repository)
  // While the first one's machine is still being bought.
  const guest = await dispatched(
    ['--with', host, `echo guest in $(pwd); cat a.txt; id -un > who.txt; ${WAIT}; echo guest ends`],
    repository,
  )
  const machine = await begun(guest, userOf(guest))
  await begun(host, 'agent')
  const running = await record(guest)
  expect((await record(host)).attempts[0]?.machine).toBe(running.attempts[0]?.machine)
  const [bill] = await instances()
  expect([(await instances()).length, bill?.tags['remote:session']]).toEqual([1, host])
  const shown = await rehearsal.cli(['status'])
  expect(shown.out).toContain(`cloud with ${guest}`)
  expect(shown.out).toContain(`cloud with ${host}`)
  expect((await rehearsal.cli(['explain', guest])).out).toContain(`with ${host}`)

  const inGuest = await rehearsal.cli(['ssh', guest, '--', 'id -un; cat work/a.txt; ls /home/agent'])
  expect([inGuest.out, inGuest.stderr]).toEqual([`${userOf(guest)}\ncommitted\n`, expect.stringContaining('denied')])
  const inHost = rehearsal.world.start(['ssh', host, '--', 'id -un; exec sleep 600'])
  const thrownOut = once(inHost, 'close')
  const [who] = (await once(inHost.stdout as Readable, 'data')) as [Buffer]
  expect(who.toString()).toBe('agent\n')

  await letGo(machine, 'agent')
  const first = await reached(host, 'ended')
  // The machine goes on, for the other one.
  expect((await thrownOut)[0]).not.toBe(0)
  expect(first.outcome).toMatchObject({ outcome: 'succeeded' })
  expect(await instances()).toHaveLength(1)
  expect((await record(guest)).state).toBe('running')

  await letGo(machine, userOf(guest))
  const second = await reached(guest, 'ended')
  expect(second.outcome).toMatchObject({ outcome: 'succeeded' })
  await gone(second)
  const logs = await Promise.all([host, guest].map(async (id) => (await rehearsal.cli(['logs', id, '--quiet'])).out))
  expect(logs[0]).toMatch(/^host in .*\nhost ends\n/)
  expect(logs[1]).toMatch(/^guest in .*\ncommitted\nguest ends\n/)
  for (const [id, user] of [
    [host, 'agent'],
    [guest, userOf(guest)],
  ] as const) {
    const pulled = await rehearsal.world.cli(['pull', id], { cwd: repository })
    expect(pulled.code, pulled.stderr).toBe(0)
    expect(rehearsal.world.git(repository, 'show', `remote/${id}:who.txt`)).toBe(`${user}\n`)
  }
  const [bought, inherited] = [first.attempts[0], second.attempts[0]]
  expect(inherited).toMatchObject({ purchase: bought?.purchase, inherited: { from: host, at: bought?.endedAt } })
})

it('one does not see into the other, and nothing but its own runner speaks for it', async () => {
  const host = await dispatched(['--no-repo', `echo secret > mine.txt; echo secret > /tmp/mine.txt; ${WAIT}`])
  await begun(host, 'agent')
  const places = `/var/lib/remote/sessions/${host} /var/lib/remote/sessions/${host}/work/mine.txt /home/agent /var/cache/remote`
  const look = `for place in ${places}; do ls $place >/dev/null 2>&1 && echo "sees $place"; done; ls /tmp; ps -eo args | grep -c '[u]ntil'`
  const metadata = 'curl -s -o /dev/null --max-time 5 http://169.254.169.254/latest/meta-data/ || echo no metadata'
  const { code, out, stderr } = await rehearsal.cli([
    ...SHELL,
    '--no-repo',
    '--quiet',
    '--with',
    host,
    `${look}; ${metadata}; true`,
  ])
  expect(code, `${stderr}\n${said()}`).toBe(0)
  expect(out).not.toContain('sees')
  expect(out).not.toContain('mine.txt')
  expect(out).toContain('no metadata')

  const machine = (await record(host)).attempts[0]?.machine ?? ''
  const stranger = await dispatched(['--no-repo', WAIT])
  await reached(stranger, 'running')
  const { roleArn = '' } = (await instances()).find(({ id }) => id === machine) ?? {}
  const credentials = await rehearsal.cloud.control.credentials(roleArn, machine)
  const client = new AwsClient({ ...credentials, region: REGION, service: 'execute-api' })
  const inbox = async (session: string) =>
    (await client.fetch(`${rehearsal.outputs['ApiUrl']}/v1/runner/${session}/1/inbox`)).status
  // As for an attempt that is over: this caller may not make this call.
  expect([await inbox(host), await inbox(stranger)]).toEqual([200, 409])
  await Promise.all([host, stranger].map((id) => rehearsal.cli(['terminate', id, '--wait'])))
  await gone(await record(host), await record(stranger))
})

it('a runner that does not end by itself is ended by its neighbour, which goes on', { timeout: 300_000 }, async () => {
  const host = await dispatched(['--no-repo', WAIT])
  const guest = await dispatched(['--no-repo', '--with', host, WAIT])
  const machine = await begun(guest, userOf(guest))
  const unit = `remote-runner@${host}-1.service`
  await machine.run('systemctl', 'kill', '--signal=STOP', unit)
  await rehearsal.cli(['terminate', host, '--now'])
  expect((await reached(host, 'ended')).outcome).toMatchObject({ outcome: 'terminated' })
  expect(await machine.run('systemctl', 'show', '-P', 'ActiveState', unit)).toMatch(/^(inactive|failed)\n$/)
  expect((await record(guest)).state).toBe('running')
  await letGo(machine, userOf(guest))
  expect((await reached(guest, 'ended')).outcome).toMatchObject({ outcome: 'succeeded' })
  await gone(await record(guest))
})

it('a machine that is gone without notice is lost to all of its sessions', async () => {
  const host = await dispatched(['--no-repo', WAIT])
  const guest = await dispatched(['--no-repo', '--with', host, WAIT])
  await begun(guest, userOf(guest))
  await rehearsal.cloud.control.reclaim((await record(host)).attempts[0]?.machine ?? '', 'power-loss')
  for (const id of [host, guest]) expect((await reached(id, 'ended')).outcome).toMatchObject({ outcome: 'lost' })
})

it('nobody needed a permission that the stacks do not give, and no lifecycle failed', async () => {
  const denied = (await rehearsal.cloud.control.denials()).filter(({ action }) => !action.startsWith('execute-api'))
  expect(denied).toEqual([])
  const failed = (await rehearsal.cloud.control.executions()).filter(({ status }) => !['RUNNING', 'SUCCEEDED'].includes(status))
  expect(failed).toEqual([])
})
