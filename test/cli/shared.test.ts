import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const shell = (task: string, ...flags: string[]) => world.cli(['dispatch', '--agent', 'shell', '--no-repo', ...flags, task])

it('--with a session of this computer runs here, in a directory of its own, and says beside whom', async () => {
  const host = (await shell('echo kept > file; sleep 60', '--detach', '--quiet')).out.trim()
  const { code, out, stderr } = await shell('ls; pwd', '--quiet', '--with', host.slice(0, 7))
  expect([code, out.split('\n').length], stderr).toEqual([0, 2])
  const beside = (await shell('sleep 60', '--detach', '--json', '--with', host)).out
  expect((JSON.parse(beside) as Session).request).toMatchObject({ with: host, runtime: 'local' })
  expect((await world.cli(['status'])).out).toContain(`local with ${host}`)
  await world.cli(['terminate', host, '--now', '--wait'])
  const late = await shell('true', '--with', host)
  expect([late.code, late.stderr]).toEqual([4, expect.stringContaining('has ended')])
  expect((await world.cli(['status', (JSON.parse(beside) as Session).id, '--json'])).out).not.toContain('"ended"')
})

it('--with is refused with a machine of its own, on another runtime, and beside nobody', async () => {
  const host = (await shell('sleep 60', '--detach', '--quiet')).out.trim()
  const refusals = await Promise.all([
    shell('true', '--with', host, '--instance', 't3.small'),
    shell('true', '--with', host, '--on', 'cloud'),
    shell('true', '--with', 's-zzzzzzzzzz'),
  ])
  expect(refusals.map(({ code }) => code)).toEqual([5, 2, 3])
  expect(refusals[0]?.stderr).toContain('leave out --instance')
  expect(refusals[1]?.stderr).toContain('it goes where that session is')
})
