import { once } from 'node:events'
import { watch } from 'node:fs'
import { About } from '../core/contract/about.ts'
import { http } from './http/node-http.ts'
import type { Paths } from './paths.ts'

/** What the one who starts a daemon is told. */
export type Ready = { ready: true; version: string; pid: number; socket: string }

const ANSWER_MS = 5000
/** As long as a start may take; then it is worth trying to become the daemon again. */
const LOOK_AGAIN_MS = 1000

const askAbout = (socket: string): Promise<About | undefined> =>
  new Promise((resolve) => {
    const request = http.get({ socketPath: socket, path: '/v1/about', agent: false, timeout: ANSWER_MS }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve(parse(text)))
      answer.on('close', () => resolve(undefined)) // it was killed in the middle of its answer
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })

const parse = (text: string): About | undefined => {
  try {
    return About.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Waits for the daemon that holds the lock to listen. Undefined when it does not (yet): it may have ended meanwhile. */
export const waitForOther = async ({ run, socket }: Paths): Promise<Ready | undefined> => {
  const watcher = watch(run)
  try {
    const changed = once(watcher, 'change', { signal: AbortSignal.timeout(LOOK_AGAIN_MS) }).catch(() => undefined)
    const first = await askAbout(socket)
    if (!first) await changed
    const about = first ?? (await askAbout(socket))
    return about && { ready: true, version: about.version, pid: about.pid ?? 0, socket }
  } finally {
    watcher.close()
  }
}
