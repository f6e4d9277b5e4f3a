import type * as Dns from 'node:dns'
import type * as Net from 'node:net'
import type * as Tls from 'node:tls'
import type { Cloud, Clouds } from './clouds-file.ts'

// As in client.ts: names imported from these would load more than is needed.
const dns: typeof Dns = process.getBuiltinModule('node:dns')
const net: typeof Net = process.getBuiltinModule('node:net')
const tls: typeof Tls = process.getBuiltinModule('node:tls')

const TRIES = 5
const DEADLINE_MS = 2500

const lookUp = (host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    dns.lookup(host, (error, address) => (error ? reject(error) : resolve(address)))
  })

/** ms until the other side has shaken hands, of TLS where it speaks that: a proxy on the way would answer for TCP. */
const shakeHands = (url: URL, address: string, signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const isPlain = url.protocol === 'http:'
    const place = { host: address, port: Number(url.port || (isPlain ? 80 : 443)) }
    const began = performance.now()
    const socket = isPlain
      ? net.connect(place)
      : tls.connect(net.isIP(url.hostname) ? place : { ...place, servername: url.hostname })
    const give = () => socket.destroy(new Error('it took too long'))
    signal.addEventListener('abort', give, { once: true })
    socket.on('close', () => signal.removeEventListener('abort', give))
    socket.on('error', reject)
    socket.once(isPlain ? 'connect' : 'secureConnect', () => {
      resolve(performance.now() - began)
      socket.destroy()
    })
  })

/**
 * How far a host is, in ms: the shortest of a few handshakes, because whatever is busy on the way or here only adds to one. Of as many as the
 * deadline leaves; undefined when there is none.
 */
export const distanceMs = async (address: string, deadlineMs = DEADLINE_MS): Promise<number | undefined> => {
  const url = new URL(address)
  const signal = AbortSignal.timeout(deadlineMs)
  const over = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
  const found = await Promise.race([lookUp(url.hostname).catch(() => undefined), over])
  const times: number[] = []
  while (found !== undefined && times.length < TRIES && !signal.aborted) {
    const ms = await shakeHands(url, found, signal).catch(() => undefined)
    if (ms === undefined) break
    times.push(ms)
  }
  return times.length === 0 ? undefined : Math.max(0.1, Math.round(Math.min(...times) * 10) / 10)
}

/** Where one sits changes rarely; what is old is measured when it is needed. */
const FRESH_MS = 7 * 24 * 3_600_000

export const isStale = ({ measuredAt }: Cloud, freshMs = FRESH_MS): boolean =>
  measuredAt === undefined || !(Math.abs(Date.now() - Date.parse(measuredAt)) < freshMs)

/** All at the same time, by their names. */
export const distances = async ({ clouds }: Clouds): Promise<Map<string, number | undefined>> =>
  new Map(await Promise.all(Object.entries(clouds).map(async ([key, { apiUrl }]) => [key, await distanceMs(apiUrl)] as const)))
