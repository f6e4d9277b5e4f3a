import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../cli/main.ts'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'
import { testIo } from './test-io.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

describe('attach', () => {
  it('shows history, then live, and exits as the session does', async () => {
    const { out: id } = await world.cli([
      'dispatch',
      '--agent',
      'shell',
      '--no-repo',
      '--detach',
      '--quiet',
      'echo early; sleep 1; echo late; exit 5',
    ])
    const { out, code } = await world.cli(['attach', id.trim().slice(0, 6)])
    expect({ out, code }).toEqual({ out: 'early\nlate\n', code: 5 })
    const again = await world.cli(['attach', id.trim()])
    expect({ out: again.out, code: again.code }).toEqual({ out: 'early\nlate\n', code: 5 })
  })

  it('--tail and --from begin later', async () => {
    const task = 'for n in 1 2 3 4; do echo $n; sleep 0.1; done'
    const { out: id } = await world.cli(['dispatch', '--agent', 'shell', '--no-repo', '--json', task])
    const session = JSON.parse(id).id as string
    const { out: lines } = await world.cli(['logs', session, '--json'])
    const events = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const third = events.find(({ text }) => text === '3\n')
    expect((await world.cli(['attach', session, '--from', third.position])).out).toBe('3\n4\n')
    expect((await world.cli(['logs', session, '--tail', String(events.length - third.seq + 1)])).out).toBe('3\n4\n')
  })

  it('Ctrl-C detaches: the session goes on and the way back is said', async () => {
    const { io, printed, interrupt } = testIo(world)
    const done = main(['dispatch', '--agent', 'shell', '--no-repo', 'echo begun; sleep 60'], io)
    await until('it runs', () => printed.out.includes('begun') || undefined)
    interrupt()
    expect(await done).toBe(130)
    const [, id = ''] = /remote attach (s-\w{10})/.exec(printed.err) ?? []
    expect(printed.err).toContain(`remote terminate ${id}`)
    expect((await world.session(id)).state).toBe('running')
    const { code } = await world.cli(['terminate', id, '--now', '--wait'])
    expect(code).toBe(0)
    expect((await world.session(id)).outcome?.outcome).toBe('terminated')
  })

  it('a daemon that dies meanwhile is started again, and not a byte is lost or doubled', async () => {
    const { io, printed } = testIo(world)
    const task = 'for n in $(seq 1 60); do echo $n; sleep 0.05; done'
    const done = main(['dispatch', '--agent', 'shell', '--no-repo', task], io)
    for (const mark of ['10\n', '30\n']) {
      await until(`it printed ${mark}`, () => printed.out.includes(mark) || undefined)
      await world.killDaemon()
    }
    expect(await done).toBe(0)
    expect(printed.out).toBe(Array.from({ length: 60 }, (_, n) => `${n + 1}\n`).join(''))
  })

  it('a terminal gets a state line with the time, and no trace of it is left', async () => {
    const { io, printed } = testIo(world, { terminal: true })
    expect(await main(['dispatch', '--agent', 'shell', '--no-repo', 'sleep 1; echo done'], io)).toBe(0)
    expect(printed.err).toMatch(/shell is working · \ds/)
    expect(printed.out).toBe('done\n')
    expect(printed.err.split('\u001b[K').at(-1)).not.toContain('is working')
  })

  it('a reader that goes away ends it without a word', async () => {
    const child = world.start(['dispatch', '--agent', 'shell', '--no-repo', 'yes | head -c 3000000'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect({ code, said }).toEqual({ code: 141, said: '' })
  })
})

describe('logs', () => {
  it('--json prints one event per line, output as text or, when it is not UTF-8, as base64', async () => {
    const { out: record } = await world.cli([
      'dispatch',
      '--agent',
      'shell',
      '--no-repo',
      '--json',
      `echo grüße; sleep 0.3; printf '\\377' >&2`,
    ])
    const { out } = await world.cli(['logs', JSON.parse(record).id, '--json'])
    const outputs = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'output')
    expect(outputs).toMatchObject([
      { position: expect.stringMatching(/^1\.\d+$/), stream: 'stdout', text: 'grüße\n' },
      { stream: 'stderr', base64: '/w==' },
    ])
  })
})
