import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RemoteError } from '../core/contract/remote-error.ts'
import { connect, pathsOf } from './connect.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Io } from './io.ts'
import { shownDuration } from './values/duration.ts'
import { shownSize } from './values/size.ts'
import { version } from './version.ts'

const MIN_FREE_BYTES = 1024 ** 3
const MEASURE_MS = 5000

/** Those that `cloud use` found, as they were then: `remote cloud doctor` tries them. */
export const checkClouds = async (io: Io): Promise<Finding[]> => {
  try {
    const { knownClouds, saidOf } = await import('./cloud/known-clouds.ts')
    const clouds = await knownClouds(io)
    return clouds.map((one) =>
      ok(one.runtime, `${saidOf(one)}${clouds.length > 1 && one.isMeant ? '; the one that `cloud` means' : ''}`),
    )
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return [fail('clouds', error.message, error.hint ?? 'find them again: remote cloud use')]
  }
}

/** Starts it when there is none: whether it starts is the question. */
export const checkDaemon = async (io: Io): Promise<Finding> => {
  try {
    const began = performance.now()
    const about = await connect(io, { quiet: true }).get('/v1/about')
    const took = Math.round(performance.now() - began)
    const up = shownDuration(Date.now() - Date.parse(about.startedAt))
    if (about.version !== version()) {
      return warn(
        'daemon',
        `is version ${about.version}, this is ${version()}`,
        'replace it, sessions go on: remote serve --restart',
      )
    }
    return ok(
      'daemon',
      `${about.version}, process ${about.pid}, up for ${up}, ${about.activeSessions} active, answered in ${took} ms`,
    )
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return fail('daemon', error.message, error.hint ?? 'see daemon.log')
  }
}

const nearestThere = (path: string): string => (existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path)))

export const checkDisk = async (io: Io): Promise<Finding> => {
  const { data } = pathsOf(io.env)
  const { bavail, bsize } = await statfs(nearestThere(data))
  const free = bavail * bsize
  if (free >= MIN_FREE_BYTES) return ok('disk', `${shownSize(free)} free for ${data}`)
  return warn(
    'disk',
    `only ${shownSize(free)} free for ${data}`,
    'make room: what no session needs any more is listed under storage',
  )
}

export const checkPrivacy = (io: Io): Finding => {
  const { data, secrets } = pathsOf(io.env)
  const open = [data, secrets].find((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0)
  return open === undefined
    ? ok('privacy', `${data} is yours alone`)
    : fail('privacy', `others can read ${open}`, `chmod go-rwx ${open}`)
}

const measured = (path: string): Promise<string> =>
  new Promise((resolve) => {
    if (!existsSync(path)) return resolve('nothing')
    execFile('du', ['-sk', path], { timeout: MEASURE_MS }, (error, stdout) =>
      resolve(error ? 'too much to count' : shownSize(Number.parseInt(stdout, 10) * 1024)),
    )
  })

export const checkStorage = async (io: Io): Promise<Finding> => {
  const { sessions, workspaces, bundles, repositories } = pathsOf(io.env)
  const parts = { sessions, workspaces, bundles, 'repository cache': repositories }
  const sizes = await Promise.all(Object.entries(parts).map(async ([name, path]) => `${name} ${await measured(path)}`))
  return ok('storage', sizes.join(', '))
}
