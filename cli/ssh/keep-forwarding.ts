import { setTimeout as pause } from 'node:timers/promises'
import { ERRORS, RemoteError } from '../../core/contract/remote-error.ts'
import { openBackoff } from '../backoff.ts'
import type { Io } from '../io.ts'
import { failureIn, prepareConnection } from './open-connection.ts'
import type { PortPair } from './port-pair.ts'
import { runSsh } from './run-ssh.ts'
import { withDirectory } from './ssh-directory.ts'
import type { Target } from './target.ts'
import { unlessAborted } from './until-interrupted.ts'

const FIRST_MS = 500
const LONGEST_MS = 30_000
const READY = 'ready'

export type Forwarding = {
  io: Pick<Io, 'env'>
  ports: PortPair
  first: Target
  /** The session's machine as it is now. */
  target(): Promise<Target>
  forget(): Promise<void>
  /** Whether the session is over. */
  hasEnded(): Promise<boolean>
  onReady(): Promise<void>
  onBroken(why: string): Promise<void>
  signal: AbortSignal
}

/** ssh says what is wrong at the end. */
const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1)?.slice(0, 200) || undefined

/** One connection, as long as it holds. Answers whether it ever stood, and why it ended. */
const once = (target: Target, { io, ports, onReady, signal }: Forwarding) =>
  withDirectory(async (dir) => {
    let stood = false
    let complaints = ''
    const wanted = `127.0.0.1:${ports.local}:localhost:${ports.remote}`
    const said = ['PermitLocalCommand=yes', `LocalCommand=echo ${READY}`, 'ExitOnForwardFailure=yes', 'LogLevel=ERROR']
    const args = await unlessAborted(signal, () => prepareConnection(io, target, dir))
    const options = ['-N', '-L', wanted, ...said.flatMap((option) => ['-o', option])]
    await runSsh(io, {
      args: [...options, ...args],
      signal,
      onOutput: (text) => {
        if (stood || !text.includes(READY)) return
        stood = true
        void onReady()
      },
      onComplaint: (text) => {
        complaints = (complaints + text).slice(-4000)
      },
    })
    const failure = failureIn(dir)
    return { stood, failure, why: failure?.message ?? lastLine(complaints) ?? 'the connection has ended' }
  })

const isFinal = (error: unknown): boolean => !(error instanceof RemoteError) || !ERRORS[error.code].retryable

/** Forwards a port, again and again, until the session has ended or `signal` says so. Throws what no further try would change. */
export const keepForwarding = async (options: Forwarding): Promise<void> => {
  const { signal, target, hasEnded, onBroken } = options
  const backoff = openBackoff({ firstMs: FIRST_MS, longestMs: LONGEST_MS })
  let isFirst = true
  const open = async () => {
    const machine = isFirst ? options.first : await target()
    isFirst = false
    return once(machine, options)
  }
  while (!signal.aborted) {
    let why: string
    try {
      const ended = await open()
      if (signal.aborted) return
      if (ended.failure) await options.forget()
      if (ended.failure && isFinal(ended.failure)) throw ended.failure
      if (ended.stood) backoff.reset()
      why = ended.why
    } catch (error) {
      if (signal.aborted || (await hasEnded().catch(() => false))) return
      if (isFinal(error)) throw error
      why = (error as RemoteError).message
    }
    if (await hasEnded().catch(() => false)) return
    await onBroken(why)
    await pause(backoff.next(), undefined, { signal }).catch(() => undefined)
  }
}
