import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { LONGEST_MS } from './front-socket.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal

beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
})
beforeEach(() => rehearsal.cloud.control.clearFaults())
afterAll(() => rehearsal?.close())

const shell = (...args: string[]) => rehearsal.cli(['dispatch', '--agent', 'shell', '--no-repo', ...args])
const instances = async (task: string) => {
  const { stdout } = await rehearsal.cli(['status', '--all', '--json'])
  const { sessions } = JSON.parse(stdout.toString()) as { sessions: { id: string; request: { task: string } }[] }
  const id = sessions.find(({ request }) => request.task === task)?.id
  const all = await rehearsal.cloud.control.instances()
  return id === undefined ? [] : all.filter(({ tags }) => tags['remote:session'] === id)
}
/** The task's machine once its command has begun: it says so on its console, or here by the session's state. */
const running = (task: string, n = 0) =>
  until(
    `machine ${n} of ${task} runs`,
    async () => {
      const { stdout } = await rehearsal.cli(['status', '--all', '--json'])
      const { sessions } = JSON.parse(stdout.toString()) as {
        sessions: { id: string; state: string; attempt: number; request: { task: string } }[]
      }
      const session = sessions.find(({ request }) => request.task === task)
      const found = (await instances(task)).filter(({ state }) => state === 'running')
      return session?.state === 'running' && (await instances(task)).length > n ? found[0] : undefined
    },
    90_000,
  )
const states = async (task: string) => (await instances(task)).map(({ state, reason }) => [state, reason])

it('where a zone has no capacity another is taken, and throttling is waited out', async () => {
  await rehearsal.cloud.control.fault({ code: 'InsufficientInstanceCapacity', zone: 'us-east-1a' })
  await rehearsal.cloud.control.fault({ code: 'RequestLimitExceeded', service: 'ec2', action: 'CreateFleet', times: 2 })
  const { code, out, stderr } = await shell('echo elsewhere')
  expect([code, out], stderr).toEqual([0, 'elsewhere\n'])
  const launched = await instances('echo elsewhere')
  expect(launched.map(({ zone }) => zone)).toEqual([expect.not.stringContaining('us-east-1a')])
})

it('a machine that is gone without notice ends its session as lost, and what it had written is there', async () => {
  const task = 'echo before; sleep 300'
  const viewer = rehearsal.world.start(['dispatch', '--agent', 'shell', '--no-repo', task])
  const closed = once(viewer, 'close')
  const seen = { out: '', err: '' }
  viewer.stdout?.on('data', (bytes) => {
    seen.out += String(bytes)
  })
  viewer.stderr?.on('data', (bytes) => {
    seen.err += String(bytes)
  })
  const machine = await running(task)
  await until('its output has arrived', async () => seen.out.includes('before') || undefined, 90_000)
  await rehearsal.cloud.control.reclaim(machine.id, 'power-loss')
  const [code] = await closed
  expect([code, seen.out], seen.err).toEqual([122, 'before\n'])
  expect(seen.err).toContain('Internal error on launch') // EC2's own word
  expect(await states(task)).toEqual([['terminated', 'Server.InternalError']])
})

it('a spot machine that is taken is replaced, and the command runs again', async () => {
  const task = 'echo begun; sleep 20; echo finished'
  const dispatched = shell('--spot', '--retries', '1', task)
  const first = await running(task)
  expect(first.lifecycle).toBe('spot')
  await rehearsal.cloud.control.interrupt(first.id, 8)
  const { code, out, stderr } = await dispatched
  expect(code, stderr).toBe(0)
  expect(out).toMatch(/^begun\n(.*\n)*begun\nfinished\n$/)
  expect((await states(task)).length).toBe(2)
})

it('a connection that is cut after two hours is opened again and nothing is missing', async () => {
  const task = 'for n in 1 2 3 4 5 6 7 8 9; do echo line $n; sleep 1; done'
  const dispatched = shell(task)
  await running(task)
  rehearsal.cloud.front.clock.advance(LONGEST_MS)
  await rehearsal.cloud.front.cut()
  const { code, out, stderr } = await dispatched
  expect(code, stderr).toBe(0)
  expect(out).toBe(Array.from({ length: 9 }, (_, n) => `line ${n + 1}\n`).join(''))
})

it('messages that come twice, late, in another order or never change nothing', async () => {
  rehearsal.cloud.front.disorder.set({ reorder: true, duplicate: true, lose: true, loseDisconnect: true })
  const { code, out, stderr } = await shell('for n in $(seq 1 20); do echo line $n; sleep 0.4; done')
  rehearsal.cloud.front.disorder.set({})
  expect(code, stderr).toBe(0)
  expect(out).toBe(Array.from({ length: 20 }, (_, n) => `line ${n + 1}\n`).join(''))
})

it('no lifecycle failed, and nothing is left', async () => {
  await until('all machines are gone', async () =>
    (await rehearsal.cloud.control.instances()).every(({ state }) => state === 'terminated') ? true : undefined,
  )
  const failed = (await rehearsal.cloud.control.executions()).filter(({ status }) => !['RUNNING', 'SUCCEEDED'].includes(status))
  expect(failed).toEqual([])
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})

it('of a control plane that is away for good a machine frees itself: its session ends in time, and then the machine', async () => {
  const mark = '600.70071'
  const task = `setsid sleep ${mark} & echo begun; sleep ${mark}`
  const id = (await shell('--detach', '--quiet', '--ttl', '10s', task)).out.trim()
  const { id: instance } = await running(task)
  const machine = await rehearsal.machines?.instances.get(instance)?.machine
  if (!machine) throw new Error('the session has no machine')
  // Nothing that could end it from outside is left: no API, no live path, and no function that a lifecycle could call.
  rehearsal.cloud.front.goAway()
  await rehearsal.cloud.lambdas.close()
  // 1: there is none. Anything else is no answer, and must not pass for one.
  const works = () => machine.run('sh', '-c', `pgrep -f '[s]leep ${mark}' || [ $? = 1 ]`)
  expect(await works()).not.toBe('')
  await until('its runner ends it by itself when its time is up', async () => ((await works()) === '' ? true : undefined), 90_000)
  // The runner is still there: somebody might come back and be told.
  expect(await machine.run('systemctl', 'is-active', `remote-runner@${id}-1`)).toBe('active\n')
  // As if those minutes had gone as well.
  const env = `/run/remote/sessions/${id}-1.env`
  await machine.run('sh', '-c', `sed -i "s/^REMOTE_ENDS_AT=.*/REMOTE_ENDS_AT=$(($(cut -d. -f1 /proc/uptime) - 301))/" ${env}`)
  await machine.run('systemctl', 'start', '--no-block', 'remote-dead-man.service')
  await machine.off
  const gone = async () =>
    (await rehearsal.cloud.control.instances()).find((one) => one.id === instance && one.state === 'terminated')
  expect((await until('EC2 knows it', gone)).reason).toContain('InstanceInitiated')
}, 240_000)
