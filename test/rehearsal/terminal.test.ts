import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { type TerminalUser, terminalUser } from '../support/terminal-user.ts'
import { LONGEST_MS } from './front-socket.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

const PATIENCE_MS = 120_000
const PATIENCE_S = 120

let rehearsal: Rehearsal
const users: TerminalUser[] = []
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
}, 300_000)
afterEach(() => rehearsal.cloud.front.disorder.set({}))
afterAll(async () => {
  for (const user of users.splice(0)) user.close()
  await rehearsal?.close()
})

const sit = (...args: string[]): TerminalUser => {
  const { env, home } = rehearsal.world
  const user = terminalUser({ args, env, cwd: home, columns: 101, rows: 33 })
  users.push(user)
  return user
}
const up = async (): Promise<Session[]> => {
  const { out, stderr, code } = await rehearsal.cli(['cloud', 'status', '--json'])
  expect(code, stderr).toBe(0)
  return (JSON.parse(out) as { sessions: Session[] }).sessions
}
const running = async () =>
  (await rehearsal.cloud.control.instances()).filter(({ state }) => state === 'pending' || state === 'running')

it('without a machine there is nothing to connect to, and it is said how to get one', async () => {
  const { code, stderr } = await rehearsal.cli(['connect', 'cloud'])
  expect(code).toBe(3)
  expect(stderr).toContain('remote cloud up')
})

it('cloud up buys the machine that was named, waits for it and says what it costs', async () => {
  mkdirSync(join(rehearsal.world.home, '.config/tool'), { recursive: true })
  writeFileSync(join(rehearsal.world.home, '.config/tool/settings'), 'from home\n')
  const dotfiles = await rehearsal.cli(['config', 'set', 'dotfiles', '.gitconfig,.config/tool'])
  expect(dotfiles.code, dotfiles.stderr).toBe(0)
  const asked = ['cloud', 'up', '--instance-type', 't3.xlarge', '--region', 'us-east-1', '--ttl', '4h', '--name', 'my own']
  const { code, out, stderr } = await rehearsal.cli(asked)
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/my own is up: t3\.xlarge in us-east-1\w, \$0\.17 an hour/)
  expect(stderr).toContain(`remote connect ${out.trim()}`)
  const [session, ...others] = await up()
  expect(others).toEqual([])
  expect(session).toMatchObject({
    id: out.trim(),
    state: 'running',
    by: 'ada',
    request: { agent: 'terminal', ttlSeconds: 14_400 },
  })
  const shown = await rehearsal.cli(['cloud', 'status'])
  expect(shown.out).toMatch(new RegExp(`${out.trim()} +my own +i-\\w+ +t3\\.xlarge +us-east-1\\w +running`))
})

it('a person sits down at it: a shell of their own, job control, the size of their terminal', async () => {
  const user = sit('connect', 'cloud')
  await user.type('tty; id -un; echo home is $HOME; stty size; [ -w "$(tty)" ] && echo it is m\'\'ine\r')
  await user.sees('it is mine', PATIENCE_S)
  expect(user.text()).toMatch(/\/dev\/pts\/\d+\r\nagent\r\nhome is \/home\/agent\r\n33 101\r\n/)
  await user.type('cat ~/.config/tool/settings; stat -c "%U %a" ~/.config/tool/settings; git config user.email\r')
  await user.sees('from home\r\nagent 644\r\nada@example.com\r\n', PATIENCE_S)
  await user.type(`sh -c 'echo wor""king; sleep 1000'\r`)
  await user.sees('working', PATIENCE_S)
  await user.type('\u0003')
  await user.sees('^C', PATIENCE_S)
  await user.type('~.')
  expect(await user.ended()).toEqual({ isAsItWas: true, code: 130 })
})

it('what is typed arrives once and in order, whatever API Gateway does to its frames, and over its cut after two hours', async () => {
  const [one, two] = [sit('connect', 'cloud'), sit('connect')]
  await one.type('stty -echo\r')
  await one.type('n=0; echo be\'\'gun; while read -r line; do n=$((n+1)); echo "<$n:$line>"; done\r')
  await Promise.all([one.sees('begun', PATIENCE_S), two.sees('begun', PATIENCE_S)])
  rehearsal.cloud.front.disorder.set({ reorder: true, duplicate: true, lose: true })
  const pieces = Array.from({ length: 30 }, (_, n) => `line-${n + 1}\r`)
  for (const [n, piece] of pieces.entries()) {
    for (const half of [piece.slice(0, 3), piece.slice(3)]) {
      await one.type(half)
      await new Promise((resolve) => setTimeout(resolve, 20)) // as people type: in frames of their own
    }
    if (n !== 15) continue
    rehearsal.cloud.front.clock.advance(LONGEST_MS)
    await rehearsal.cloud.front.cut()
  }
  await Promise.all([one.sees('<30:line-30>', PATIENCE_S), two.sees('<30:line-30>', PATIENCE_S)])
  for (const user of [one, two]) {
    const read = [...user.text().matchAll(/<(\d+):([^>]*)>/g)].map(([, n, line]) => `${n} ${line}`)
    expect(read).toEqual(Array.from({ length: 30 }, (_, n) => `${n + 1} line-${n + 1}`))
  }
  expect(one.text()).toContain('connected again')
})

it('beside a session that shares the machine a terminal is opened on it, as somebody else', async () => {
  const [host] = await up()
  const task = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', '--with', host?.id ?? '', 'sleep 1000']
  const shared = await rehearsal.cli(task)
  expect(shared.code, shared.stderr).toBe(0)
  const id = shared.out.trim()
  const stdin = 'id -un; cat ~/.config/tool/settings; exit 9\n'
  const { code, out, stderr } = await rehearsal.cli(['connect', id], { stdin })
  expect(code, stderr).toBe(9)
  expect(out).toMatch(/\ragent-\w{10}\r\nfrom home\r\n/)
  expect(await running()).toHaveLength(1)
  const ended = await rehearsal.cli(['terminate', id, '--now', '--wait'])
  expect(ended.code, ended.stderr).toBe(0)
})

it('cloud down ends it: whoever sat there is told, the machine is gone, and it is said what it cost', async () => {
  const { code, stderr } = await rehearsal.cli(['cloud', 'down'])
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/s-\w{10} is down; it cost \$/)
  for (const user of users.slice(-2)) expect(await user.ended()).toEqual({ isAsItWas: true, code: 130 })
  await until('no machine is left', async () => ((await running()).length === 0 ? true : undefined), PATIENCE_MS)
  expect(await up()).toEqual([])
  expect((await rehearsal.cli(['cloud', 'down'])).code).toBe(3)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
