import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connect } from '../../../cli/connect.ts'
import { takeDaemonLock } from '../../../local/daemon-lock.ts'
import { waitForOther } from '../../../local/other-daemon.ts'
import { paths } from '../../../local/paths.ts'

let dir: string
let server: Server | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-broken-'))
})
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  rmSync(dir, { recursive: true, force: true })
})

/** What stands where the daemon would. The first request is cut off in the middle, as by a `kill -9`; the next finds another daemon. */
const daemons = async (cutOff: (request: IncomingMessage, answer: ServerResponse) => void) => {
  const env = { REMOTE_HOME: dir, HOME: dir }
  const places = paths(env)
  mkdirSync(places.run, { recursive: true, mode: 0o700 })
  let asked = 0
  server = createServer((request, answer) => {
    if (++asked === 1) return cutOff(request, answer)
    request.resume().on('end', () => answer.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  }).listen(places.socket)
  await new Promise((resolve) => server?.once('listening', resolve))
  return { places, connection: connect({ env, stderr: new PassThrough() }, { quiet: true }), asked: () => asked }
}
const kill = (request: IncomingMessage) => void request.once('data', () => request.socket.destroy())

it('a repository that was being sent when the daemon was killed is sent to the next one', async () => {
  const { connection, asked } = await daemons(kill)
  const file = join(dir, 'bundle')
  writeFileSync(file, 'x'.repeat(3_000_000))
  const sha256 = createHash('sha256').update('x').digest('hex')
  const facts = { repository: 'a'.repeat(64), tips: ['b'.repeat(40)], needs: [] }
  await connection.sendBundle({ sha256, file, bytes: 3_000_000, facts, onBytes: () => undefined })
  expect(asked()).toBe(2)
})

it('what may not be asked twice is not, and whoever asked is told what to do', async () => {
  const { connection, asked } = await daemons(kill)
  const ending = connection.post('/v1/sessions/:id/terminate', { param: { id: 's-0000000000' }, json: { now: false } })
  await expect(ending).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('remote status') })
  expect(asked()).toBe(1)
})

it('a daemon that is killed in the middle of its answer is asked again by who starts one', async () => {
  const { places } = await daemons((_, answer) => {
    answer.writeHead(200, { 'content-length': '100' }).write('{"version":')
    setTimeout(() => answer.socket?.destroy(), 20)
  })
  expect(await waitForOther(places)).toBeUndefined()
})

it('a daemon that hangs is told of with what to do, and not only that none started', async () => {
  const env = { REMOTE_HOME: dir, HOME: dir }
  const lock = takeDaemonLock(paths(env).lock)
  try {
    const asked = connect({ env, stderr: new PassThrough() }, { quiet: true }).get('/v1/about')
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('another daemon holds'),
      hint: expect.stringContaining('fuser'),
    })
  } finally {
    lock?.release()
  }
}, 60_000)
