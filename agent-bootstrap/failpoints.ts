import { appendFileSync } from 'node:fs'

const [point = '0', attempt] = (process.env['REMOTE_RUNNER_FAILPOINT'] ?? '').split('@')
const failAt = attempt === undefined || attempt === process.env['REMOTE_ATTEMPT'] ? Number(point) : 0
const countFile = process.env['REMOTE_RUNNER_FAILPOINT_COUNT']
let crossed = 0

/**
 * Passes a point at which the runner can be made to die, for tests of what a crash leaves: with REMOTE_RUNNER_FAILPOINT=n it
 * kills itself at the n-th, with n@attempt only in that attempt. REMOTE_RUNNER_FAILPOINT_COUNT names a file to which the names
 * of all points passed are appended.
 */
export const crossing = (name: string) => {
  if (failAt === 0 && countFile === undefined) return
  crossed++
  if (countFile !== undefined) appendFileSync(countFile, `${crossed} ${name}\n`)
  if (crossed === failAt) process.kill(process.pid, 'SIGKILL')
}

/** Points before and after an effect. */
export const around = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
  crossing(`before ${name}`)
  const result = await effect()
  crossing(`after ${name}`)
  return result
}
