import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Session, TimelineEntry } from '../../core/contract/session.ts'
import { type TerminalUser, terminalUser } from '../support/terminal-user.ts'
import { World } from '../support/world.ts'
import { processesOf, until } from '../support/world-processes.ts'

const users: TerminalUser[] = []
let world: World
beforeAll(() => {
  world = new World({ SHELL: '/bin/bash', PS1: '$ ', PROMPT_COMMAND: '' })
})
afterEach(async () => {
  for (const user of users.splice(0)) user.close()
  const { sessions } = (await world.api<{ sessions: Session[] }>('GET', '/sessions')).body
  for (const { id } of sessions) await world.cli(['terminate', id, '--now', '--wait'])
})
afterAll(() => world.close())

const sit = (args: string[], size: { columns?: number; rows?: number } = {}): TerminalUser => {
  const user = terminalUser({ args, env: world.env, cwd: world.home, ...size })
  users.push(user)
  return user
}
const only = async (): Promise<Session> => {
  const { sessions } = (await world.api<{ sessions: Session[] }>('GET', '/sessions')).body
  expect(sessions).toHaveLength(1)
  return sessions[0] as Session
}
/** What a shell answers, which what is typed does not hold. */
const answer = (mark: string) => ({ ask: `echo ${mark.slice(0, 2)}''${mark.slice(2)}\r`, mark })

/** Says that it runs, and then does so until it is stopped. */
const WORK = `sh -c 'echo wor""king; sleep 1000'\r`

describe('a terminal session', () => {
  it('what is on stdin is typed, what it prints is printed, and it exits as the shell does', async () => {
    const { code, out } = await world.cli(['connect'], { stdin: 'echo $((40 + 2)) out\nexit 7\n' })
    expect(out).toContain('42 out\r\n')
    expect(code).toBe(7)
  })

  it('the end of stdin ends the shell, and a last line without a newline is a line', async () => {
    const { code, out } = await world.cli(['connect', '--quiet'], { stdin: 'echo $((6 * 7))' })
    expect(out).toContain('42\r\n')
    expect(code).toBe(0)
  })

  it('a person types, Ctrl-C reaches what runs there, ~. leaves it running, and connect comes back to it', async () => {
    const user = sit(['connect'])
    await user.sees('type ~. at the beginning of a line')
    const first = answer('first-answer')
    await user.type(first.ask)
    await user.sees(first.mark)
    const { entries } = JSON.parse((await world.cli(['explain', (await only()).id, '--timeline', '--json'])).out) as {
      entries: TimelineEntry[]
    }
    const typed = entries.filter(({ what }) => what === 'typed')
    expect(typed).toMatchObject([{ by: entries[0]?.by, detail: { connection: expect.any(String) } }])
    expect(JSON.stringify(entries)).not.toContain(first.mark)
    await user.type(WORK)
    await user.sees('working')
    await user.type('\u0003')
    const second = answer('second-answer')
    await user.sees('^C')
    await user.type(second.ask)
    await user.sees(second.mark)
    await user.type('~.')
    expect(await user.ended()).toEqual({ isAsItWas: true, code: 130 })
    const { id, state } = await only()
    expect(state).toBe('running')
    expect(user.text()).toContain(`remote connect ${id}`)

    const again = sit(['connect'])
    await again.sees(second.mark) // its last screen
    const third = answer('third-answer')
    await again.type(third.ask)
    await again.sees(third.mark)
    await again.type('exit 5\r')
    expect(await again.ended()).toEqual({ isAsItWas: true, code: 5 })
    expect((await world.session(id)).outcome).toMatchObject({ outcome: 'failed', exitCode: 5 })
  })

  it('several see the same, and the size is the last one set', async () => {
    const one = sit(['connect'], { columns: 91, rows: 31 })
    await one.type('stty size\r')
    await one.sees('31 91') // also what was typed before it was connected finds the size
    const two = sit(['connect', (await only()).id], { columns: 77, rows: 22 })
    await two.sees('31 91')
    await two.type('stty size\r')
    await Promise.all([one.sees('22 77'), two.sees('22 77')])
    one.resize(123, 45)
    await until('the size has arrived', async () => {
      await two.type('stty size\r')
      return two.text().includes('45 123') || undefined
    })
    await one.sees('45 123')
    await one.type('x~.') // not at the beginning of a line: typed
    await two.sees('x~.')
    await one.type('\u0015exit 0\r')
    expect(await Promise.all([one.ended(), two.ended()])).toEqual([
      { isAsItWas: true, code: 0 },
      { isAsItWas: true, code: 0 },
    ])
  })

  it('a program that draws the whole screen arrives byte for byte, comes back as it was, and leaves no mode behind', async () => {
    const user = sit(['connect'])
    const all = '\\000\\001\\033[?1049h\\033[?25l\\033[2J\\033[5;10Hdrawn\\200\\377\\303\\244'
    await user.type(`stty -opost; printf '${all}'; read -r line\r`)
    const wanted = Buffer.from(
      all.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      'latin1',
    )
    await until('it is drawn', () => user.bytes().includes(wanted) || undefined)
    const { id } = await only()
    const beside = sit(['connect', id])
    await beside.sees('drawn')
    expect(beside.bytes().includes(wanted.subarray(2))).toBe(true)
    await beside.type('\r~.')
    expect((await beside.ended()).isAsItWas).toBe(true)
    expect(beside.text()).toContain('\u001b[?1049l')
    expect(beside.text()).toContain('\u001b[?25h')
  })

  it('with its daemon killed again and again nothing is typed twice or lost', async () => {
    const user = sit(['connect'])
    const ready = answer('ready-now')
    await user.type(`stty -echo; ${ready.ask}`)
    await user.sees(ready.mark)
    await user.type(`n=0; echo be''gun; while read -r line; do n=$((n+1)); echo "<$n:$line>"; done\r`)
    await user.sees('begun')
    for (let n = 1; n <= 60; n++) {
      await user.type(`line-${n}\r`)
      if (n % 15 === 0) await world.killDaemon()
    }
    await user.sees('<60:line-60>')
    const read = [...user.text().matchAll(/<(\d+):([^>]*)>/g)].map(([, n, line]) => `${n} ${line}`)
    expect(read).toEqual(Array.from({ length: 60 }, (_, n) => `${n + 1} line-${n + 1}`))
    await user.type('\u0004exit 0\r')
    expect(await user.ended()).toEqual({ isAsItWas: true, code: 0 })
  })

  it('half a megabyte goes in at the one end and comes out at the other', async () => {
    const line = `${'0123456789abcdef'.repeat(8)}\n`
    const stdin = `stty raw -echo; head -c ${line.length * 4096} | sha256sum | tr a-f A-F; stty sane; exit\n`
    const { createHash } = await import('node:crypto')
    const body = line.repeat(4096)
    const { out, code } = await world.cli(['connect', '--quiet'], { stdin: `${stdin}${body}` })
    expect(out).toContain(createHash('sha256').update(body).digest('hex').toUpperCase())
    expect(code).toBe(0)
  })

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('the terminal is as it was after %s', async (signal) => {
    const user = sit(['connect'])
    const ready = answer('ready-now')
    await user.type(ready.ask)
    await user.sees(ready.mark)
    const { pid } = await until('the program runs', () =>
      processesOf(world.dir).find(({ line }) => line.includes('remote.cjs connect') && !line.startsWith('/bin/sh')),
    )
    process.kill(pid, signal)
    expect((await user.ended()).isAsItWas).toBe(true)
  })

  it.each(['on', 'off'])('what the shell leaves running ends with it, with the sandbox %s', async (sandbox) => {
    const stdin = '(trap "" HUP; setsid sleep 1000 & sleep 1000 &) ; echo le\'\'ft; exit 4\n'
    const { code, out } = await world.cli(['connect', '--quiet'], { stdin, env: { REMOTE_SANDBOX: sandbox } })
    expect(out).toContain('left\r\n')
    expect(code).toBe(4)
    await until('nothing of it runs', () => (world.running().length === 0 ? true : undefined))
  })

  it('without a sandbox there is job control, too', async () => {
    const user = terminalUser({ args: ['connect'], env: { ...world.env, REMOTE_SANDBOX: 'off' }, cwd: world.home })
    users.push(user)
    await user.sees('type ~. at the beginning of a line')
    const ready = answer('ready-now')
    await user.type(ready.ask)
    await user.sees(ready.mark)
    await user.type(`sh -c 'trap "echo going""-on" CONT; echo wor""king; while :; do sleep 0.1; done'\r`)
    await user.sees('working')
    await user.type('\u001a')
    await user.sees('Stopped')
    await user.type('fg\r')
    await user.sees('going-on')
    await user.type('\u0003')
    await user.sees('going-on\r\n^C')
    await user.type('exit 0\r')
    expect(await user.ended()).toEqual({ isAsItWas: true, code: 0 })
  })

  it('terminate hangs up: what runs there hears it, and what it says last is in the record', async () => {
    const user = sit(['connect'])
    await user.type(`sh -c 'trap "sleep 0.3; echo hung up; exit 3" HUP; echo re""ady; while :; do sleep 0.1; done'\r`)
    await user.sees('ready')
    const { id } = await only()
    expect((await world.cli(['terminate', id, '--wait'])).code).toBe(0)
    expect(await user.ended()).toEqual({ isAsItWas: true, code: 130 })
    expect(world.output(id).toString()).toContain('hung up\r\n')
  })

  it('beside a session of another agent it is one of its own, on the same machine, and the way back leads to it', async () => {
    const { id } = await world.shell('sleep 1000')
    const user = sit(['connect', id])
    await user.sees('type ~. at the beginning of a line')
    const ready = answer('ready-now')
    await user.type(ready.ask)
    await user.sees(ready.mark)
    await user.type('~.')
    expect((await user.ended()).code).toBe(130)
    const { sessions } = (await world.api<{ sessions: Session[] }>('GET', '/sessions')).body
    expect(sessions.filter(({ request }) => request.with === id)).toMatchObject([{ request: { agent: 'terminal' } }])
    const { code, out } = await world.cli(['connect', id, '--quiet'], { stdin: 'exit 6\n' })
    expect(code).toBe(6)
    expect(out).toContain(ready.mark)
    expect((await world.session(id)).state).toBe('running')
    await world.cli(['terminate', id, '--now', '--wait'])
    expect(await world.cli(['connect', id])).toMatchObject({ code: 4, stderr: expect.stringContaining(`remote logs ${id}`) })
  })

  it('ends when nothing was typed or printed for as long as --idle says, and not before', async () => {
    const { body } = await world.api<Session>('POST', '/sessions', {
      ...{
        task: 'terminal',
        agent: 'terminal',
        idleSeconds: 3,
        env: { SHELL: '/bin/bash', PATH: world.env['PATH'], HOME: world.home },
      },
    })
    const began = performance.now()
    const user = sit(['connect', body.id])
    await user.type('for n in 1 2 3 4; do sleep 1; echo $((n * 11)); done\r')
    await user.sees('44\r\n')
    expect(await user.ended()).toEqual({ isAsItWas: true, code: 124 })
    expect(performance.now() - began).toBeGreaterThan(6000)
    expect((await world.session(body.id)).outcome).toMatchObject({ outcome: 'expired', code: 'idle' })
  })
})
