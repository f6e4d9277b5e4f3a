import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { distanceMs, isStale } from '../../../cli/cloud/measure-distance.ts'

const dir = mkdtempSync(join(tmpdir(), 'remote-tls-'))
const file = (name: string) => join(dir, name)
const before = getCACertificates('default')
beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')]
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', file('cert'), ...subject], { stdio: 'pipe' })
  setDefaultCACertificates([...before, readFileSync(file('cert'), 'utf8')])
})
afterAll(() => {
  setDefaultCACertificates(before)
  rmSync(dir, { recursive: true })
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
const listening = async (server: Server): Promise<number> => {
  servers.push(server.listen(0, 'localhost'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const openHost = () => listening(createTlsServer({ key: readFileSync(file('key')), cert: readFileSync(file('cert')) }))

/** Every byte takes so long each way. */
const farAway = (port: number, ms: number) =>
  listening(
    createServer((near) => {
      const far = connect(port, 'localhost')
      const carry = (from: typeof near, to: typeof near) => {
        from.on('data', (bytes) => setTimeout(() => to.write(bytes), ms))
        from.on('error', () => to.destroy())
        from.on('close', () => setTimeout(() => to.destroy(), ms))
      }
      carry(near, far)
      carry(far, near)
    }),
  )

it('a host that is farther is measured as farther, by what the way takes', async () => {
  const port = await openHost()
  const [near, far] = [
    await distanceMs(`https://localhost:${port}`),
    await distanceMs(`https://localhost:${await farAway(port, 40)}/v1`),
  ]
  expect(near).toBeGreaterThan(0)
  expect(far).toBeGreaterThan(75) // there and back
  expect(far).toBeGreaterThan(near as number)
})

it('what the deadline leaves is counted, and what does not answer in time is not measured', async () => {
  const port = await openHost()
  const slow = `https://localhost:${await farAway(port, 100)}`
  expect(await distanceMs(slow, 1500)).toBeGreaterThan(195)
  const began = performance.now()
  expect(await distanceMs(`https://localhost:${await listening(createServer(() => undefined))}`, 300)).toBeUndefined()
  expect(performance.now() - began).toBeLessThan(5000)
})

it.each([
  ['nobody listens', async () => 'http://127.0.0.1:1'],
  ['there is no such host', async () => 'https://nowhere.invalid'],
  ['another one answers than the address says', async () => `https://127.0.0.1:${await openHost()}`],
])('where %s, nothing is measured', async (_, address) => {
  expect(await distanceMs(await address())).toBeUndefined()
})

it('a figure is old after a week, when its time cannot be read, and when it is of the future', () => {
  const cloud = { stack: 's', region: 'r', apiUrl: '', socketUrl: '', version: '', readAt: '' }
  const at = (ms: number) => isStale({ ...cloud, measuredAt: new Date(Date.now() + ms).toISOString() })
  const day = 24 * 3_600_000
  expect([at(-6 * day), at(-8 * day), at(8 * day)]).toEqual([false, true, true])
  expect([isStale(cloud), isStale({ ...cloud, measuredAt: 'x' })]).toEqual([true, true])
})
