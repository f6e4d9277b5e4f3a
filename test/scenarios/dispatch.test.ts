import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/remote.cjs', import.meta.url))

const olderNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((dir) => join(dir, 'node'))
  .filter((file) => existsSync(file))
  .find((file) => /^v(20|21)\./.test(execFileSync(file, ['--version'], { encoding: 'utf8' })))

describe('dispatch', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })
  afterEach(() => world.close())

  it('goes on when the daemon is killed, and whoever attaches next sees all of it', async () => {
    const go = join(world.dir, 'go')
    const task = `echo before; until test -e ${go}; do sleep 0.05; done; echo after`
    const dispatched = ['dispatch', '--no-repo', '--sandbox', 'off', '--agent', 'shell', '--detach', '--quiet', task]
    const { out } = await world.cli(dispatched)
    const id = out.trim()
    await until('the command runs', () => (world.running().some(({ line }) => line.includes('sleep')) ? true : undefined))
    await world.killDaemon('SIGKILL')
    execFileSync('touch', [go])
    const attached = await world.cli(['attach', id])
    expect({ code: attached.code, out: attached.out }).toEqual({ code: 0, out: 'before\nafter\n' })
  })

  it('is the same program under its dotted name', async () => {
    const dotted = join(world.dir, 'remote.dispatch')
    symlinkSync(PROGRAM, dotted)
    const printed = execFileSync(process.execPath, [dotted, '--no-repo', '--agent', 'shell', 'echo dotted'], {
      env: world.env,
      stdio: 'pipe',
    })
    expect(printed.toString()).toBe('dotted\n')
  })

  it('hands over to the Node of the checkout when an older one starts it', async (test) => {
    if (olderNode === undefined) {
      console.warn('not proved: a start by Node 20 (there is none on the PATH)')
      return test.skip()
    }
    const printed = execFileSync(olderNode, [PROGRAM, 'version', '--json'], { env: world.env, stdio: 'pipe' })
    expect(JSON.parse(printed.toString())).toMatchObject({ node: expect.stringMatching(/^v?24\./) })
  })
})

it('version and help are answered without starting anything', async () => {
  const world = new World()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(await world.cli(['--version'])).toMatchObject({ code: 0, out: `${version}\n` })
  const constant = await world.cli(['--help'])
  // The whole program says the same.
  expect(constant.out).toBe((await world.cli(['help'])).out)
  expect(existsSync(world.paths.socket)).toBe(false)
  await world.close()
})
