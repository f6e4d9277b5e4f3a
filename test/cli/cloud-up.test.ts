import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { type CloudWorld, openCloudWorld, SUCCEEDED } from './cloud-world.ts'

const PURCHASE = { instance: 't3.xlarge', zone: 'us-east-1b', spot: false, usdPerHour: 0.1664, diskGb: 30 }

let here: CloudWorld
const made: string[] = []
beforeAll(async () => {
  here = await openCloudWorld({ on: 'cloud' })
})
afterAll(() => here.close())
beforeEach(async () => {
  here.cloud.heard.length = 0
  for (const id of made.splice(0)) await here.cloud.change(id, { state: 'ended', outcome: SUCCEEDED })
  here.cloud.scene = async ({ session, say }) => {
    say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
    say({ type: 'session', session: { ...session, state: 'booting' } })
    const attempts = [{ number: 1, machine: 'i-0123456789abcdef0', purchase: PURCHASE }]
    say({ type: 'session', session: await here.cloud.change(session.id, { state: 'running', attempts }) })
  }
})

const up = async (...args: string[]) => {
  const { code, out, err } = await here.run(['cloud', 'up', ...args])
  const id = /^s-\w{10}/.exec(out)?.[0] ?? ''
  if (id) made.push(id)
  return { code, out, err, id }
}
const sent = () =>
  JSON.parse(here.cloud.heard.find(({ method, path }) => method === 'POST' && path === '/v1/sessions')?.body ?? '{}')

it('asks for a terminal on that machine, waits until it runs, and says what it costs and the way there', async () => {
  const { code, out, err, id } = await up('--instance-type', 't3.xlarge', '--ttl', '4h', '--spot', '--name', 'workbench')
  expect({ code, out }).toEqual({ code: 0, out: `${id}\n` })
  expect(sent()).toMatchObject({
    ...{ runtime: 'cloud', agent: 'terminal', task: 'workbench', instance: 't3.xlarge', spot: true, ttlSeconds: 14_400 },
    credentials: {},
  })
  expect(sent()).not.toHaveProperty('repository')
  expect(err).toContain('workbench is up: t3.xlarge in us-east-1b, $0.17 an hour')
  expect(err).toContain(`remote connect ${id}`)
})

it('--detach returns at once, with the id', async () => {
  here.cloud.scene = async () => undefined
  const { code, out, id } = await up('--detach')
  expect({ code, out }).toEqual({ code: 0, out: `${id}\n` })
})

it('one that cannot be had ends with its reason and another code than 0', async () => {
  const outcome = { outcome: 'refused', code: 'capacity', reason: 'no zone has a t3.xlarge' } as const
  here.cloud.scene = async ({ session, say }) => {
    say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
    say({ type: 'complete', session: await here.cloud.change(session.id, { state: 'ended', outcome }) })
  }
  const { code, err } = await up('--instance-type', 't3.xlarge')
  expect(code).toBe(123)
  expect(err).toContain('no zone has a t3.xlarge')
})

it('the dotfiles that are set go along, the same ones once; a login is refused before anything is bought', async () => {
  writeFileSync(join(here.world.home, '.vimrc'), 'set number\n')
  writeFileSync(join(here.world.home, '.netrc'), 'password\n')
  const config = await here.run(['config', 'set', 'dotfiles', '.vimrc,.gitconfig'])
  expect(config.code, config.err).toBe(0)
  here.cloud.atStore.length = 0
  const first = await up('--detach')
  expect(first.code, first.err).toBe(0)
  const { home } = sent()
  expect(home).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{64}$/), commit: expect.stringMatching(/^[0-9a-f]{40}$/) })
  expect(here.cloud.atStore.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  here.cloud.heard.length = 0
  await up('--detach')
  expect(sent().home).toEqual(home)
  expect(here.cloud.atStore.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  here.cloud.heard.length = 0
  const refused = await up('--detach', '--dotfiles', '.vimrc,.netrc')
  expect(refused.code).toBe(5)
  expect(refused.err).toContain('.netrc')
  expect(sent()).toEqual({})
  await here.run(['config', 'set', 'dotfiles', ''])
})

it('cloud status lists what is up with type, zone, price and who; cloud down ends it, and asks when there are several', async () => {
  const [one, two] = [await up(), await up('--name', 'other')]
  const { out, code } = await here.run(['cloud', 'status'], { columns: 160 })
  expect(code).toBe(0)
  for (const { id } of [one, two])
    expect(out).toMatch(new RegExp(`${id} .*i-0123456789abcdef0 +t3\\.xlarge +us-east-1b +running .*0\\.1664`))
  const listed = JSON.parse((await here.run(['cloud', 'status', '--json'])).out) as { sessions: Session[] }
  expect(listed.sessions.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort())

  const several = await here.run(['cloud', 'down'])
  expect(several.code).toBe(5)
  expect(several.err).toContain(one.id)
  expect(several.err).toContain('--yes')
  here.cloud.scene = async ({ session, say }) => {
    const outcome = { outcome: 'terminated', code: 'terminated', reason: 'asked' } as const
    say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
    say({ type: 'complete', session: await here.cloud.change(session.id, { state: 'ended', outcome }) })
  }
  const down = await here.run(['cloud', 'down', one.id])
  expect(down.code, down.err).toBe(0)
  expect(down.err).toContain(`${one.id} is down`)
  const rest = await here.run(['cloud', 'down', '--json'])
  expect((JSON.parse(rest.out) as { sessions: Session[] }).sessions).toMatchObject([{ id: two.id, state: 'ended' }])
  expect((await here.run(['cloud', 'down'])).code).toBe(3)
  expect((await here.run(['cloud', 'down', '--all'])).code).toBe(0)
})

it('cloud down without a session ends what is yours, and nothing of others unless you say so', async () => {
  const mine = await up()
  const theirs = await up('--name', 'theirs')
  await here.cloud.change(theirs.id, { by: 'heidi' })
  here.cloud.scene = async ({ session, say }) => {
    const outcome = { outcome: 'terminated', code: 'terminated', reason: 'asked' } as const
    say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
    say({ type: 'complete', session: await here.cloud.change(session.id, { state: 'ended', outcome }) })
  }
  const down = await here.run(['cloud', 'down', '--quiet'])
  expect([down.code, down.out]).toEqual([0, `${mine.id}\n`])
  const none = await here.run(['cloud', 'down'])
  expect([none.code, none.out]).toEqual([3, ''])
  expect(none.err).toContain('no terminal of yours is up (you are grace), and 1 of others')
  expect(none.err).toContain('--all')
  expect((await here.run(['cloud', 'down', '--all', '--quiet'])).out).toBe(`${theirs.id}\n`)
})

it('connect says how to make one where there is none', async () => {
  const { code, err } = await here.run(['connect', 'cloud:us-east-1'])
  expect(code).toBe(3)
  expect(err).toContain('remote cloud up --region us-east-1')
})
