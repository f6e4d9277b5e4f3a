import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { type RunOptions, runMain } from '../support/run-main.ts'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const run = (argv: string[], options: Partial<RunOptions> = {}) => runMain(argv, { env: world.env, cwd: world.home, ...options })

const started = async (task: string, more: Record<string, unknown> = {}): Promise<Session> => {
  await run(['serve'])
  const session = await world.shell(task, more)
  return until(`${session.id} runs`, async () => {
    const now = await world.session(session.id)
    return now.state === 'running' || now.state === 'ended' ? now : undefined
  })
}

describe('status', () => {
  it('shows what is under way, and with --all what has ended', async () => {
    const busy = await started('sleep 60', { ttlSeconds: 7200 })
    const done = await started('exit 4')
    await world.ended(done.id)
    const { out } = await run(['status'])
    expect(out).toMatch(new RegExp(`${busy.id} +sleep 60 +local +running +\\d+s +1h +\\$0\\.00`))
    expect(out).not.toContain(done.id)
    expect((await run(['status', '--all'])).out).toMatch(new RegExp(`${done.id} +exit 4 +local +failed`))
    expect((await run(['status', '--all', '--quiet'])).out.split('\n').filter(Boolean)).toEqual([done.id, busy.id])
    const one = JSON.parse((await run(['status', busy.id.slice(2), '--json'])).out)
    expect(one).toMatchObject({ id: busy.id, state: 'running' })
    await run(['terminate', busy.id, '--now', '--wait'])
    expect(await run(['status'])).toEqual({
      code: 0,
      out: '',
      err: 'no sessions under way; ended ones too: remote status --all\n',
    })
  })

  it('fits the terminal: the task is cut, not the ids', async () => {
    const task = `echo ${'many words '.repeat(20)}`
    const session = await started(task)
    for (const columns of [70, 90, 140]) {
      const { out } = await run(['status', '--all'], { columns })
      const lines = out.trimEnd().split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
      expect(out).toContain(session.id)
    }
  })

  it('--watch shows every change until Ctrl-C', async () => {
    const leave = Promise.withResolvers<void>()
    let seen = ''
    const watching = run(['status', '--watch'], { interrupt: leave.promise, onOut: (text) => (seen += text) })
    const session = await started('sleep 0.5; exit 3')
    await until('the end is shown', () => seen.includes(`${session.id}  failed`) || undefined)
    expect(seen).toContain(`${session.id}  running`)
    leave.resolve()
    expect((await watching).code).toBe(130)
  })
})

describe('explain', () => {
  it('says where a session is and what can be done; and the timeline, who did what', async () => {
    const session = await started('sleep 60')
    expect((await run(['explain', session.id])).out).toMatch(/running on local[\s\S]*remote terminate/)
    await run(['terminate', session.id, '--now', '--wait'], { env: { ...world.env, USER: 'grace' } })
    expect((await run(['explain', session.id])).out).toContain('terminated')
    const timeline = JSON.parse((await run(['explain', session.id, '--timeline', '--json'])).out)
    expect(timeline).toMatchObject({ intact: true })
    expect((await run(['explain', session.id, '--timeline'])).out).toMatch(/grace +/)
  })
})

describe('plan', () => {
  it('prices what a task would need, and says why', async () => {
    const { code, out } = await run(['plan', 'run full integration suite'])
    expect(code).toBe(0)
    expect(out).toMatch(/→ +m6i\.\S+ +cloud/)
    expect(out).toMatch(/prices of \d{4}-\d\d-\d\d/)
    const { candidates } = JSON.parse((await run(['plan', 'fix typo in readme', '--json'])).out)
    expect(candidates.filter(({ chosen }: { chosen: boolean }) => chosen)).toHaveLength(1)
    expect(await run(['plan', 'x', '--instance', 'z9.huge'])).toMatchObject({ code: 5, err: expect.stringContaining('t3.small') })
  })
})

describe('send', () => {
  it.each([
    [[], 2, 'send takes one of'],
    [['--approve', '--deny'], 2, 'send takes one of'],
    [['text', '--interrupt'], 2, 'send takes one of'],
    [['a text'], 5, 'a shell session takes no messages'],
  ] as const)('send %j to a command is refused', async (words, code, says) => {
    const session = await started('sleep 60')
    expect(await run(['send', session.id, ...words])).toMatchObject({ code, err: expect.stringContaining(says) })
    await run(['terminate', session.id, '--now'])
  })

  it('interrupts a command as Ctrl-C would', async () => {
    const session = await started('trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.05; done')
    await until('the trap is set', async () => (await run(['logs', session.id])).out.includes('ready') || undefined)
    expect(await run(['send', session.id, '--interrupt'])).toMatchObject({ code: 0 })
    expect(await run(['attach', session.id, '--quiet'])).toEqual({ code: 9, out: 'ready\ncaught\n', err: '' })
  })
})
