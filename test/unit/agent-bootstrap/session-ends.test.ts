import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { listProcesses, markedProcesses } from '../../../agent-bootstrap/process-table.ts'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { outputOf, type RunnerProcess, readLog, sessionDir, startRunner } from '../../support/runner-process.ts'

let next = 0
const planes: FakeControlPlane[] = []
const runners: RunnerProcess[] = []
/** What a machine may have to keep processes together; `none` leaves the marker alone. */
const FENCES = ['sandbox', 'pid-namespace', 'none'] as const
type Fence = (typeof FENCES)[number]

const open = async (task: string, changes: Parameters<typeof runSpec>[0] = {}, fence: Fence = 'pid-namespace') => {
  const session = `s-${String(process.pid).padStart(7, '0')}${String(next++).padStart(3, '0')}`
  const plane = await openFakeControlPlane(
    runSpec({ session, ...changes, request: { task, sandbox: fence === 'sandbox' ? 'on' : 'off', ...changes.request } }),
  )
  planes.push(plane)
  return plane
}
const start = (plane: FakeControlPlane, env?: Record<string, string>) => {
  const runner = startRunner(plane, env)
  runners.push(runner)
  return runner
}
/** Starts a runner on a machine without `unshare`, or with everything. */
const startFenced = async (plane: FakeControlPlane, fence: Fence) => {
  if (fence !== 'none') return start(plane)
  const bin = join(plane.dir, 'bin')
  await mkdir(bin)
  for (const tool of ['sh', 'mkfifo', 'setsid', 'sleep', 'env'])
    await symlink(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool))
  return start(plane, { PATH: bin })
}
const living = () => listProcesses().filter(({ zombie }) => !zombie)
const alive = (plane: FakeControlPlane) => markedProcesses(living(), `REMOTE_SESSION=${plane.spec.session}`).size
const stdout = async (plane: FakeControlPlane) => outputOf(await readLog(plane), 'stdout').toString()
const logged = (plane: FakeControlPlane, text: string) =>
  plane.until(`the log has ${text}`, () => {
    try {
      return readFileSync(join(sessionDir(plane), 'log/1/000000000001'), 'latin1').includes(text)
    } catch {
      return false
    }
  })
const started = (plane: FakeControlPlane) => logged(plane, 'up')

afterEach(async () => {
  for (const { child } of runners.splice(0)) child.kill('SIGKILL')
  for (const plane of planes.splice(0)) {
    for (const pid of markedProcesses(listProcesses(), `REMOTE_SESSION=${plane.spec.session}`)) process.kill(pid, 'SIGKILL')
    await plane.close()
  }
})

/** Processes that do not want to go: another session, no marker, deaf to SIGTERM. */
const STUBBORN = `setsid sh -c 'trap "" TERM; sleep 300' & env -i /bin/sh -c 'trap "" TERM; sleep 301; sleep 302' & env -i setsid /bin/sleep 303 & trap '' TERM; echo up; `

describe('the end of a session', () => {
  it.each(FENCES)(
    'by ttl takes the whole process tree along within 5 s and keeps the output (%s)',
    async (fence) => {
      const plane = await open(`${STUBBORN} while :; do sleep 1; done`, { ttlSeconds: 1 }, fence)
      const runner = await startFenced(plane, fence)
      await started(plane)
      const from = Date.now()
      await runner.exit
      expect(Date.now() - from).toBeLessThan(8000)
      expect(alive(plane)).toBe(0)
      expect(plane.said.done[0]?.outcome).toMatchObject({ outcome: 'expired', code: 'ttl' })
      expect(await stdout(plane)).toBe('up\n')
    },
    20_000,
  )

  it.each(FENCES)(
    'by terminate lets the command clean up (%s)',
    async (fence) => {
      const plane = await open(`trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done`, {}, fence)
      const runner = await startFenced(plane, fence)
      await started(plane)
      const from = Date.now()
      plane.terminate('graceful')
      await runner.exit
      expect(Date.now() - from).toBeLessThan(6000)
      expect(plane.said.done[0]?.outcome).toEqual({ outcome: 'terminated', code: 'terminated', reason: 'asked' })
      expect(await stdout(plane)).toBe('up\nbye\n')
    },
    20_000,
  )

  it('by a second terminate comes at once', async () => {
    const plane = await open(`${STUBBORN} while :; do sleep 1; done`)
    const runner = start(plane)
    await started(plane)
    plane.terminate('graceful')
    await plane.until('the order arrived', () => plane.said.beat.length > 1)
    const from = Date.now()
    plane.terminate('now')
    await runner.exit
    expect(Date.now() - from).toBeLessThan(6000)
    expect(alive(plane)).toBe(0)
    expect(plane.said.done).toHaveLength(1)
  }, 20_000)

  it.each(FENCES)(
    'comes when the command ends, whoever still holds its output open (%s)',
    async (fence) => {
      const plane = await open(`(sleep 300; echo never) & echo up`, {}, fence)
      const runner = await startFenced(plane, fence)
      const from = Date.now()
      await runner.exit
      expect(Date.now() - from).toBeLessThan(8000)
      expect(alive(plane)).toBe(0)
      expect(plane.said.done[0]?.outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
      expect(await stdout(plane)).toBe('up\n')
    },
    20_000,
  )

  it.each(FENCES)(
    'waits a moment for what finishes the output after the command (%s)',
    async (fence) => {
      const plane = await open(`(sleep 0.5; echo last words) & echo up`, {}, fence)
      await (await startFenced(plane, fence)).exit
      expect(await stdout(plane)).toBe('up\nlast words\n')
      expect(alive(plane)).toBe(0)
    },
    20_000,
  )

  it('by a used up budget has its own code', async () => {
    const plane = await open('echo up; sleep 300')
    const runner = start(plane)
    await started(plane)
    plane.budgetLeftUsd = 0
    plane.ring()
    await runner.exit
    expect(plane.said.done[0]?.outcome).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
  }, 20_000)

  it('of an attempt that was given up is silent and complete', async () => {
    const plane = await open(`${STUBBORN} while :; do sleep 1; done`)
    const runner = start(plane)
    await started(plane)
    plane.fenced = true
    plane.ring()
    expect(await runner.exit).toBe(0)
    expect(alive(plane)).toBe(0)
    expect(plane.said.done).toEqual([])
  }, 20_000)

  it('of a command that cannot be found is the shell’s', async () => {
    const plane = await open('no-such-command-anywhere')
    await start(plane).exit
    expect(plane.said.done[0]?.outcome).toMatchObject({ outcome: 'failed', exitCode: 127 })
  }, 20_000)
})

describe('a runner', () => {
  it('that finds its attempt claimed exits at once', async () => {
    const plane = await open('echo hi')
    await mkdir(sessionDir(plane), { recursive: true })
    await writeFile(join(sessionDir(plane), 'attempt-1.json'), '{"gone":true}')
    expect(await start(plane).exit).toBe(75)
    expect(plane.said.hello).toEqual([])
  })

  it('launched twice runs once', async () => {
    const plane = await open('echo hi; sleep 1')
    const codes = await Promise.all([1, 2, 3, 4].map(() => start(plane).exit))
    expect(codes.sort()).toEqual([0, 75, 75, 75])
    expect(plane.said.done).toHaveLength(1)
  })

  it('asks again until its session is recorded', async () => {
    const plane = await open('echo hi')
    plane.refusals.push(425, 503, 500)
    expect(await start(plane).exit).toBe(0)
    expect(plane.said.done[0]?.outcome.outcome).toBe('succeeded')
  })

  it('goes on while the control plane is away, and reports when it is back', async () => {
    const plane = await open('echo up; sleep 1; echo down')
    const runner = start(plane)
    await started(plane)
    await plane.hangUp()
    await logged(plane, '"type":"end"')
    expect(await stdout(plane)).toBe('up\ndown\n')
    expect(runner.child.exitCode).toBe(null)
    await plane.listen()
    expect(await runner.exit).toBe(0)
    expect(plane.said.done[0]?.outcome.outcome).toBe('succeeded')
  }, 20_000)

  it('says how far the log reaches while somebody watches', async () => {
    const plane = await open('echo up; read -r line < pipe; echo more; sleep 1')
    await mkdir(join(sessionDir(plane), 'work'), { recursive: true })
    const runner = start(plane)
    await started(plane)
    plane.setWatch(true)
    await plane.until('live', () => plane.said.live.length > 0)
    expect(plane.said.live[0]).toEqual({ first: 1, last: plane.said.live[0]?.last })
    await runner.exit
    expect(plane.said.live.at(-1)?.last).toBe((await readLog(plane)).at(-1)?.head.seq)
  }, 20_000)

  it('tells a shell session’s user that it takes no messages', async () => {
    const plane = await open('echo up; sleep 1')
    const runner = start(plane)
    await started(plane)
    plane.post({ kind: 'message', text: 'hello?' })
    await runner.exit
    const notices = (await readLog(plane)).flatMap(({ head }) => (head.type === 'notice' ? [head.text] : []))
    expect(notices).toContain('A shell session takes no messages.')
    expect(plane.said.done[0]?.inboxHandled).toBe(1)
  }, 20_000)

  it('opens the log of a retry with a gap', async () => {
    const plane = await open('echo hi', { attempt: 2, previous: { attempt: 1, lastSeq: 7, why: 'the machine was lost' } })
    await start(plane).exit
    expect((await readLog(plane))[0]?.head).toMatchObject({ seq: 1, type: 'gap', from: '1.7', why: 'the machine was lost' })
  })

  it('leaves a readable log wherever it dies, and no second run', async () => {
    const counted = await open('echo one; echo two >&2; exit 4')
    const file = join(counted.dir, 'points')
    await start(counted, { REMOTE_RUNNER_FAILPOINT_COUNT: file }).exit
    const points = readFileSync(file, 'utf8').trim().split('\n').length
    expect(points).toBeGreaterThan(10)
    const dieAt = async (n: number) => {
      const plane = await open('echo one; echo two >&2; exit 4')
      const end = await start(plane, { REMOTE_RUNNER_FAILPOINT: String(n) }).exit
      if (end !== 'SIGKILL') return // fewer points this time: beats come when they come
      const seqs = existsSync(join(sessionDir(plane), 'log/1')) ? (await readLog(plane)).map(({ head }) => head.seq) : []
      expect(seqs).toEqual(seqs.map((_, index) => index + 1))
      expect([0, 75]).toContain(await start(plane).exit)
      expect(plane.said.done.length).toBeLessThan(2)
    }
    const left = Array.from({ length: points }, (_, index) => index + 1)
    const work = async () => {
      for (let n = left.shift(); n !== undefined; n = left.shift()) await dieAt(n)
    }
    await Promise.all([work(), work(), work()])
  }, 180_000)
})
