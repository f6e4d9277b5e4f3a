import type { Session } from '../../core/contract/session.ts'
import type { Io } from '../io.ts'
import { shownDuration } from '../values/duration.ts'
import { oneLine } from './printable.ts'
import { styleOf } from './style.ts'
import { widthOf } from './width-of.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const TICK_MS = 120
/** Not worth showing for less. */
const FIRST_MS = 400

export type StateLine = {
  /** What it says from now on; undefined: nothing. */
  say(text: string | undefined): void
  /** Out of the way, before anything else is written. `open`: the cursor stands within a line, so nothing may be drawn there. */
  hide(): void
  show(open: boolean): void
  end(): void
}

const NONE: StateLine = { say: () => undefined, hide: () => undefined, show: () => undefined, end: () => undefined }

export const waitingText = ({ id, state, waiting, stop, unreachable, trouble, request }: Session): string | undefined => {
  if (stop && state !== 'ended') return 'stopping'
  if (trouble) return `${state}: ${trouble.reason}`
  if (unreachable) return 'not heard of; its machine is there'
  if (waiting)
    return waiting.for === 'follow_up' ? `waiting for you: remote send ${id} "…"` : `waiting for ${waiting.what ?? waiting.for}`
  if (state === 'ended') return undefined
  return state === 'running' ? `${request.agent} is working` : state
}

/** One line at the bottom of a terminal with what is going on and for how long; nothing where stderr is no terminal. */
export const openStateLine = (io: Io, quiet: boolean): StateLine => {
  const { stderr } = io
  if (quiet || stderr.isTTY !== true || io.env['TERM'] === 'dumb') return NONE
  const style = styleOf(stderr, io.env)
  const started = performance.now()
  let text: string | undefined
  let drawn = false
  let open = false
  let frame = 0
  const hide = () => {
    if (drawn) stderr.write('\r\u001b[K')
    drawn = false
  }
  const draw = () => {
    const elapsed = performance.now() - started
    if (text === undefined || open || elapsed < FIRST_MS) return
    frame = (frame + 1) % FRAMES.length
    const line = `${FRAMES[frame]} ${oneLine(text)} · ${shownDuration(elapsed)}`.slice(0, widthOf(stderr, io.env, 80) - 1)
    stderr.write(`\r\u001b[K${style.dim(line)}`)
    drawn = true
  }
  const timer = setInterval(draw, TICK_MS)
  timer.unref()
  return {
    say: (said) => {
      text = said
      if (said === undefined) hide()
    },
    hide,
    show: (isOpen) => {
      open = isOpen
    },
    end: () => {
      clearInterval(timer)
      hide()
    },
  }
}
