import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'
import { openRehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots while others do. */
const PATIENCE_MS = 150_000
const TALKING = fileURLToPath(new URL('../cli/talking-agent.ts', import.meta.url))

/** Where sessions run by default; nothing else differs for whoever uses it. */
const PLACES = {
  'on this computer': async () => {
    const world = new World()
    return { world, close: () => world.close() }
  },
  'in the cloud': async () => {
    const { world, cli, close } = await openRehearsal()
    const used = await cli(['cloud', 'use'])
    expect(used.code, used.stderr).toBe(0)
    return { world, close }
  },
}

describe.each(Object.entries(PLACES))('a session %s', { timeout: 240_000 }, (_, open) => {
  let place: Awaited<ReturnType<typeof open>>
  let world: World
  beforeAll(async () => {
    place = await open()
    world = place.world
  })
  afterAll(() => place?.close())

  const shell = (...args: string[]) => world.cli(['dispatch', '--agent', 'shell', '--no-repo', ...args])
  const all = async () => (JSON.parse((await world.cli(['status', '--all', '--json'])).out) as { sessions: Session[] }).sessions
  const record = async (id: string) => {
    const found = (await all()).find((session) => session.id === id)
    if (!found) throw new Error(`${id} is not listed`)
    return found
  }
  const idIn = (stderr: string) => /s-[0-9a-z]{10}/.exec(stderr)?.[0] ?? ''
  const waits = (id: string) =>
    until('it waits for a follow-up', async () => (await record(id)).waiting?.for === 'follow_up' || undefined, PATIENCE_MS)

  /** What a viewer sees, from the beginning, until that is in it. */
  const hears = async (id: string, text: string) => {
    const viewer = world.start(['attach', id, '--from', '1.1'])
    let seen = ''
    viewer.stdout?.on('data', (bytes) => {
      seen += String(bytes)
    })
    await until(`a viewer of ${id} hears: ${text}`, async () => seen.includes(text) || undefined, PATIENCE_MS)
    viewer.kill('SIGKILL')
    await once(viewer, 'close')
  }

  it('prints byte for byte what the command wrote, and ends with its code', async () => {
    const { code, stdout, stderr } = await shell(
      '--quiet',
      String.raw`printf '\000\377\n\r\033[1mend'; printf 'err\377' >&2; exit 42`,
    )
    expect([code, stderr]).toEqual([42, Buffer.from('err\xff', 'latin1').toString()])
    expect(stdout).toEqual(Buffer.from('\0\xff\n\r\x1b[1mend', 'latin1'))
  })

  it('works on what the user sees, leaves it as it was, and brings a branch home', async () => {
    const cwd = world.repository({ 'greeting.txt': 'hello\n', '.gitignore': 'ignored\n' })
    execFileSync('sh', ['-c', 'echo changed > greeting.txt; echo new > new.txt; echo secret > ignored'], { cwd })
    const before = world.git(cwd, 'status', '--porcelain=v2', '--branch')
    const task = 'cat greeting.txt new.txt; ls ignored 2>/dev/null; echo done >> new.txt'
    const { code, out, stderr } = await world.cli(['dispatch', '--agent', 'shell', task], { cwd })
    expect([code, out], stderr).toEqual([0, 'changed\nnew\n'])
    expect(world.git(cwd, 'show', `remote/${idIn(stderr)}:new.txt`)).toBe('new\ndone\n')
    expect(world.git(cwd, 'status', '--porcelain=v2', '--branch')).toBe(before)
  })

  it('expires at its ttl, with its output kept', async () => {
    const { code, out, stderr } = await shell('--ttl', '3s', 'echo begun; sleep 600')
    expect([code, out], stderr).toEqual([124, 'begun\n'])
    expect((await record(idIn(stderr))).outcome).toMatchObject({ outcome: 'expired', code: 'ttl' })
  })

  it('is terminated gracefully: the command hears it and may still say something', async () => {
    const task = 'trap "echo bye; exit 3" TERM; echo begun; while :; do sleep 0.1; done'
    const id = (await shell('--detach', '--quiet', task)).out.trim()
    await until(
      'it has begun',
      async () => (await world.cli(['logs', id])).out.includes('begun') || (await record(id)).state === 'running' || undefined,
      PATIENCE_MS,
    )
    const watching = world.cli(['attach', id, '--quiet', '--from', '1.1'])
    expect((await world.cli(['terminate', id, '--wait'])).code).toBe(0)
    const { code, out } = await watching
    expect(code).toBe(130)
    expect(out).toMatch(/^begun\nbye\n/)
  })

  it('keeps a secret out of output, title, record, timeline and reason', async () => {
    const secret = 'hunter2-hunter2-hunter2'
    expect((await world.cli(['secrets', 'set', 'TOKEN'], { stdin: secret })).code).toBe(0)
    const { code, out, stderr } = await shell(
      '--secret',
      'TOKEN',
      `echo "$TOKEN \${#TOKEN} ${secret}"; echo ${secret} >&2; exec /nowhere/${secret}`,
    )
    expect(code).not.toBe(0)
    expect(out).toContain(` ${secret.length} `)
    const id = idIn(stderr)
    const shown = await Promise.all(
      [
        ['explain', id, '--timeline'],
        ['logs', id, '--json'],
        ['status', '--all', '--json'],
        ['secrets', 'list', '--json'],
      ].map(async (args) => (await world.cli(args)).out),
    )
    expect([out, stderr, ...shown].filter((text) => text.includes(secret))).toEqual([])
  })

  it('of an agent takes follow-ups until it is terminated, and another one goes on with its branch', async () => {
    const built = buildSync({ entryPoints: [TALKING], bundle: true, platform: 'node', format: 'cjs', write: false })
    const cwd = world.repository({ 'agent.cjs': built.outputFiles[0]?.text ?? '', 'note.txt': 'old line\n' })
    const agent = ['--agent', 'talking', '--agent-command', 'node agent.cjs', '--approve', 'auto']
    const dispatched = await world.cli(['dispatch', '--detach', '--quiet', '--interactive', ...agent, 'write the note'], { cwd })
    const id = dispatched.out.trim()
    await waits(id)
    await world.cli(['send', id, 'again', 'please'])
    await hears(id, 'heard: again please')
    await waits(id)
    expect((await world.cli(['terminate', id, '--wait'])).code).toBe(0)
    expect((await world.cli(['pull', id], { cwd })).code).toBe(0)
    expect(world.git(cwd, 'show', `remote/${id}:note.txt`)).toBe('new line\n')

    writeFileSync(join(cwd, 'note.txt'), 'mine\n')
    const next = (await world.cli(['resume', id, '--detach', '--quiet', 'again', 'the docs'], { cwd })).out.trim()
    await hears(next, 'again the docs')
    await waits(next)
    expect((await world.cli(['terminate', next, '--wait'])).code).toBe(0)
    expect((await world.cli(['pull', next], { cwd })).code).toBe(0)
    expect(world.git(cwd, 'show', `remote/${next}:note.txt`)).toBe('new line\n')
  })
})
