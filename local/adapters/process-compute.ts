import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { access, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Compute } from '../../core/ports/compute.ts'
import { type Claim, fence, readClaim } from './attempt-claim.ts'
import { cleanAttempt, cleanSession } from './clean-session.ts'
import { processFacts } from './process-facts.ts'
import { killMarked, markerOf } from './process-marker.ts'

export type ProcessComputeOptions = {
  sessions: string
  /** Program and first arguments that start a runner. */
  runner: readonly string[]
  /** Arguments of every runner beside its own: where to call, where caches and data lie. */
  arguments: readonly string[]
  /** All a runner gets of the daemon's environment. What matters to the task was captured at dispatch. */
  env: Record<string, string>
  claimSeconds?: number
  /** A runner that this process started has ended, however. */
  exited?: (session: string, attempt: number) => void
}

/** Of a log, so much is read for the words that say why a runner did not start. */
const WORDS_BYTES = 4096
/** A killed process is gone within this, or cannot be ended (it waits for a device). */
const GONE_MS = 5000

const idOf = ({ pid, startTime }: Claim) => (pid === undefined ? 'none' : `${pid}-${startTime ?? ''}`)
const isAlive = ({ pid, startTime }: Claim): boolean => {
  const facts = pid === undefined ? undefined : processFacts(pid)
  return facts?.alive === true && facts.startTime === startTime
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Of what was written to a log behind `from`, the end. */
const lastWords = async (file: string, from: number): Promise<string> => {
  const log = await open(file, 'r')
  try {
    const { size } = await log.stat()
    const start = Math.max(from, size - WORDS_BYTES)
    const { buffer, bytesRead } = await log.read(Buffer.alloc(WORDS_BYTES), 0, WORDS_BYTES, start)
    return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-3).join(' | ').slice(-500)
  } finally {
    await log.close()
  }
}

/** Waits for the claim of an attempt: by whichever runner wrote it. */
const claimed = async (dir: string, attempt: number, child: ChildProcess, seconds: number): Promise<Claim | undefined> => {
  const stop = new AbortController()
  const ended = once(child, 'exit', { signal: stop.signal }).catch(() => undefined)
  const late = AbortSignal.timeout(seconds * 1000)
  const watcher = watch(dir)
  try {
    for (;;) {
      const changed = once(watcher, 'change', { signal: AbortSignal.any([stop.signal, late]) }).catch(() => undefined)
      const claim = await readClaim(dir, attempt)
      if (claim?.gone || claim?.pid !== undefined) return claim
      if (child.exitCode !== null || child.signalCode !== null || late.aborted) return undefined
      await Promise.race([changed, ended])
    }
  } finally {
    stop.abort()
    watcher.close()
  }
}

/** Machines that are runner processes of this machine, each in a session of its own: they outlive the daemon. */
export const openProcessCompute = (options: ProcessComputeOptions): Compute => {
  const dirOf = (session: string) => join(options.sessions, session)
  const fenced = (session: string, attempt: number) =>
    new RemoteError('fenced', `attempt ${attempt} of ${session} is over`, { hint: 'another attempt has its own number' })

  /** `logged`: how much of the log is of runners before this one. */
  const start = async (session: string, attempt: number, more: readonly string[]) => {
    const dir = dirOf(session)
    const log = await open(join(dir, 'runner.log'), 'a', 0o600)
    const logged = (await log.stat()).size
    const [program = process.execPath, ...first] = options.runner
    try {
      const child = spawn(
        program,
        [...first, '--session', session, '--attempt', String(attempt), '--dir', dir, ...more, ...options.arguments],
        { detached: true, cwd: dir, stdio: ['ignore', log.fd, log.fd], env: { ...options.env, ...markerOf(session, attempt) } },
      )
      await once(child, 'spawn')
      child.once('exit', () => options.exited?.(session, attempt))
      child.unref()
      return { child, logged }
    } catch (error) {
      throw new RemoteError('unavailable', 'the runner cannot be started', { hint: 'see `remote doctor`', cause: error })
    } finally {
      await log.close()
    }
  }

  const launch = async ({ id: session, request }: Session, attempt: number): Promise<{ machine: string }> => {
    const dir = dirOf(session)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const known = await readClaim(dir, attempt)
    if (known?.gone) throw fenced(session, attempt)
    if (known?.pid !== undefined) return { machine: idOf(known) }
    const { child, logged } = await start(session, attempt, request.sandbox === 'off' ? ['--unfenced'] : [])
    const claim = await claimed(dir, attempt, child, options.claimSeconds ?? 20)
    if (claim?.gone) throw fenced(session, attempt)
    if (claim) return { machine: idOf(claim) }
    child.kill('SIGKILL')
    const words = await lastWords(join(dir, 'runner.log'), logged)
    throw new RemoteError('unavailable', `the runner did not start${words ? `: ${words}` : ''}`, {
      hint: `its log is ${join(dir, 'runner.log')}`,
    })
  }

  const underWay = new Map<string, Promise<{ machine: string }>>()

  return {
    launch: (session, attempt) => {
      const key = `${session.id} ${attempt}`
      const running = underWay.get(key) ?? launch(session, attempt).finally(() => underWay.delete(key))
      underWay.set(key, running)
      return running
    },
    find: async (session, attempt) => {
      const claim = await readClaim(dirOf(session), attempt)
      if (!claim || (claim.gone && claim.pid === undefined)) return undefined
      return isAlive(claim)
        ? { id: idOf(claim), alive: true }
        : { id: idOf(claim), alive: false, why: 'the runner process is gone' }
    },
    terminate: async (session, attempt) => {
      await mkdir(dirOf(session), { recursive: true, mode: 0o700 })
      await fence(dirOf(session), attempt)
      await killMarked(session, attempt)
      // A killed process loses its marker before it leaves the process table, and that tells nobody but its parent.
      const claim = await readClaim(dirOf(session), attempt)
      const deadline = performance.now() + GONE_MS
      while (claim && isAlive(claim) && performance.now() < deadline) await delay(2)
      await cleanAttempt(dirOf(session))
      return { heirs: [] } // a process is one attempt's alone
    },
    clean: (session, keep) => cleanSession(dirOf(session), keep),
    checkout: async (session) => {
      const work = join(dirOf(session), 'work')
      return (await isThere(work)) ? work : undefined
    },
  }
}
