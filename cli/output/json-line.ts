import type { Placed } from '../../core/domain/log-join.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const bytesOf = (bytes: Uint8Array): { text: string } | { base64: string } => {
  try {
    return { text: decoder.decode(bytes) }
  } catch {
    // Not UTF-8 as a whole: a character may also have been cut by the pipe it came through.
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}

/** One event as one line of JSON; the bytes of output as `text` when they are UTF-8, else as `base64`. */
export const jsonLine = ({ attempt, head, bytes }: Placed): string =>
  `${JSON.stringify({ position: `${attempt}.${head.seq}`, ...head, ...(head.type === 'output' ? bytesOf(bytes ?? new Uint8Array()) : {}) })}\n`
