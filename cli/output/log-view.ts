import type { LogEvent } from '../../core/contract/events.ts'
import { type Io, type Output, write } from '../io.ts'
import { agentText } from './agent-text.ts'
import type { StateLine } from './state-line.ts'
import { styleOf } from './style.ts'
import { widthOf } from './width-of.ts'

const NEWLINE = 10

/** Writes events: a command's bytes as they are to the stream they came from, an agent's doings as text to stdout. */
export type LogView = {
  show(events: readonly LogEvent[]): Promise<void>
  note(text: string): Promise<void>
  end(): Promise<void>
}

type Piece = { stream: 'stdout' | 'stderr'; data: Uint8Array }

/** Neighbours of one stream become one write. */
const merged = (pieces: readonly Piece[]): Piece[] => {
  const runs: { stream: Piece['stream']; parts: Uint8Array[] }[] = []
  for (const { stream, data } of pieces) {
    const run = runs.at(-1)
    if (run?.stream === stream) run.parts.push(data)
    else runs.push({ stream, parts: [data] })
  }
  return runs.map(({ stream, parts }) => ({ stream, data: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts) }))
}

export type LogViewOptions = {
  io: Io
  line: StateLine
  quiet: boolean
  isShell: boolean
  /** Everything to stderr: stdout is for a record. */
  aside: boolean
}

export const openLogView = ({ io, line, quiet, isShell, aside }: LogViewOptions): LogView => {
  const streams: Record<Piece['stream'], Output> = { stdout: aside ? io.stderr : io.stdout, stderr: io.stderr }
  const said = agentText(styleOf(streams.stdout, io.env), () => widthOf(streams.stdout, io.env, 80))
  const mute = aside && quiet
  // Both streams may be one terminal: a line left open by either must not be drawn over.
  let lastByte = NEWLINE

  const pieceOf = ({ head, bytes }: LogEvent): Piece | undefined => {
    if (head.type === 'output') return bytes && { stream: head.stream, data: bytes }
    const ours = isShell || head.type === 'notice' || head.type === 'gap'
    if (ours && (quiet || head.type === 'end')) return undefined
    const text = said(head, lastByte === NEWLINE)
    return text === '' ? undefined : { stream: ours ? 'stderr' : 'stdout', data: Buffer.from(text) }
  }

  return {
    show: async (events) => {
      if (mute) return
      const pieces: Piece[] = []
      for (const [n, event] of events.entries()) {
        // At the end of a turn the count comes twice: as the agent's own, then as ours with what it cost.
        if (event.head.type === 'usage' && events[n + 1]?.head.type === 'usage') continue
        const piece = pieceOf(event)
        if (!piece || piece.data.length === 0) continue
        pieces.push(piece)
        lastByte = piece.data.at(-1) ?? NEWLINE
      }
      if (pieces.length === 0) return
      line.hide()
      for (const { stream, data } of merged(pieces)) await write(streams[stream], data)
      line.show(lastByte !== NEWLINE)
    },
    note: async (text) => {
      if (quiet) return
      line.hide()
      const own = isShell ? '' : lastByte === NEWLINE ? '' : '\n'
      await write(io.stderr, `${own}${text}\n`)
    },
    // What follows begins a line of its own; but a command's bytes stay what they are where a program reads them.
    end: async () => {
      line.hide()
      const isOpen = lastByte !== NEWLINE && !quiet
      lastByte = NEWLINE
      if (isOpen && (!isShell || streams.stdout.isTTY === true)) await write(isShell ? io.stderr : streams.stdout, '\n')
    },
  }
}
