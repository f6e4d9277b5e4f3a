import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { version } from '../../cli/version.ts'
import { runMain } from '../support/run-main.ts'
import { World } from '../support/world.ts'

const worlds: World[] = []
const newWorld = (env: Record<string, string> = {}) => {
  const world = new World(env)
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const run = (world: World, ...argv: string[]) => runMain(argv, { env: world.env, cwd: world.home })

/** A socket file that nobody listens on any more, as a killed daemon leaves it. */
const leaveStaleSocket = async (world: World) => {
  mkdirSync(world.paths.run, { recursive: true, mode: 0o700 })
  const code = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  const { spawn } = await import('node:child_process')
  await once(spawn(process.execPath, ['-e', code, world.paths.socket]), 'exit')
  expect(existsSync(world.paths.socket)).toBe(true)
}

describe('connecting', () => {
  it('a first call starts the daemon, ten at once start one', async () => {
    const world = newWorld()
    const runs = await Promise.all(Array.from({ length: 10 }, () => run(world, 'version', '--json')))
    expect(runs.every(({ code }) => code === 0)).toBe(true)
    const started = await Promise.all(Array.from({ length: 10 }, () => run(world, 'serve', '--json')))
    const pids = started.map(({ out, err }) => (out === '' ? err : JSON.parse(out).pid))
    expect(new Set(pids).size).toBe(1)
  })

  it('a stale socket does not get in the way', async () => {
    const world = newWorld()
    await leaveStaleSocket(world)
    expect(await run(world, 'status', '--json')).toEqual({ code: 0, out: '{"sessions":[]}\n', err: '' })
  })

  it.skipIf(process.getuid?.() !== 0)('nothing is said to a socket of somebody else', async () => {
    const world = newWorld()
    mkdirSync(world.paths.run, { recursive: true, mode: 0o700 })
    let heard = 0
    const other = createServer((socket) => {
      heard += 1
      socket.destroy()
    }).listen(world.paths.socket)
    await once(other, 'listening')
    chownSync(world.paths.socket, 12_345, 12_345)
    const { code, out, err } = await run(world, 'status')
    other.close()
    expect({ code, out, heard }).toEqual({ code: 5, out: '', heard: 0 })
    expect(err).toContain(`${world.paths.socket} belongs to somebody else`)
  })

  it('a daemon of another version is told of once, with what to do', async () => {
    const world = newWorld()
    mkdirSync(world.paths.run, { recursive: true, mode: 0o700 })
    const old = createHttp((_, response) => {
      response.setHeader('x-remote-version', '0.0.1').end(JSON.stringify({ sessions: [] }))
    }).listen(world.paths.socket)
    await once(old, 'listening')
    const loud = await run(world, 'status', '--json')
    const quiet = await run(world, 'status', '--quiet')
    old.close()
    expect(loud.err).toBe(
      `the daemon is version 0.0.1, this is ${version()}: \`remote serve --restart\` replaces it, sessions go on\n`,
    )
    expect(quiet).toEqual({ code: 0, out: '', err: '' })
  })

  it('a home of 200 characters works', async () => {
    const world = newWorld()
    const env = { ...world.env, REMOTE_HOME: join(world.dir, 'x'.repeat(200 - world.dir.length)) }
    const { code, out } = await runMain(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', 'echo here'], {
      env,
      cwd: world.home,
    })
    await runMain(['serve', '--stop'], { env, cwd: world.home })
    expect({ code, out }).toEqual({ code: 0, out: 'here\n' })
  })

  it('a home that is no directory is named', async () => {
    const world = newWorld()
    const file = world.env['REMOTE_HOME'] ?? ''
    writeFileSync(file, 'a file, not a directory')
    expect(await run(world, 'status')).toEqual({
      code: 5,
      out: '',
      err: `remote: ${file}/run is not in a directory (ENOTDIR)\n  see to that place; REMOTE_HOME says where remote keeps everything\n`,
    })
  })
})
