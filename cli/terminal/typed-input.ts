import type { Io } from '../io.ts'
import { openDetachKeys } from './detach-keys.ts'
import type { KeySender } from './key-sender.ts'
import { rawMode } from './raw-mode.ts'

const END_OF_INPUT = Buffer.from('\u0004')
const NEWLINE = Buffer.from('\n')
/** Of what is not typed over there yet; whoever feeds us waits. */
const MOST_PENDING_BYTES = 256 * 1024
const LOOK_MS = 50
/** Nobody takes the end of input that a shell was too busy to see: it is said again, as a pipe would. */
const FIRST_END_MS = 1000
const LONGEST_END_MS = 15_000

export type TypedInput = {
  io: Io
  keys: KeySender
  /** What ends input there ends the shell: only of one that is ours. */
  endsShell: boolean
  onDetach(): void
}

/** Sends what comes on stdin as it is typed: on a terminal every key, else all there is and then the end of input. */
export const openTypedInput = ({ io: { stdin }, keys, endsShell, onDetach }: TypedInput): { close(): void } => {
  const isTerminal = stdin.isTTY === true
  const detachKeys = isTerminal ? openDetachKeys() : undefined
  let last: number | undefined
  let timer: NodeJS.Timeout | undefined
  const restore = rawMode(stdin)

  const resumeLater = () => {
    timer = setTimeout(() => (keys.pending() < MOST_PENDING_BYTES ? stdin.resume() : resumeLater()), LOOK_MS)
  }
  const onData = (bytes: Buffer) => {
    const { typed, detach } = detachKeys?.(bytes) ?? { typed: bytes, detach: false }
    last = typed.at(-1) ?? last
    if (typed.length > 0) keys.type(typed)
    if (detach) return onDetach()
    if (keys.pending() < MOST_PENDING_BYTES) return
    stdin.pause()
    resumeLater()
  }
  const sayEnd = (pause: number) => {
    if (keys.pending() === 0) keys.type(END_OF_INPUT)
    timer = setTimeout(() => sayEnd(Math.min(LONGEST_END_MS, pause * 2)), pause)
  }
  const onEnd = () => {
    if (isTerminal) return onDetach() // it was closed
    if (!endsShell) return
    if (last !== undefined && last !== NEWLINE[0]) keys.type(NEWLINE)
    sayEnd(FIRST_END_MS)
  }
  stdin.on('data', onData)
  stdin.on('end', onEnd)
  return {
    close: () => {
      clearTimeout(timer)
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.pause()
      restore()
    },
  }
}
