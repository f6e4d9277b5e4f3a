/**
 * The part of RFC 6455 that a doorbell needs: text frames, ping, close. The `ws` package is a server's: it takes as long to
 * load as the rest of the runner together, on the way to a session's first byte.
 */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Longer frames from a control plane are none of ours. */
const MAX_PAYLOAD_BYTES = 1024 * 1024

/** One whole frame of a client: masked, as the protocol wants it of clients. */
export const encodeFrame = (opcode: number, payload: Uint8Array): Uint8Array => {
  const length = payload.length
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = new Uint8Array(6 + extra + length)
  const view = new DataView(frame.buffer)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127)
  if (extra === 2) view.setUint16(2, length)
  if (extra === 8) view.setBigUint64(2, BigInt(length))
  view.setUint32(2 + extra, Math.floor(Math.random() * 0x1_0000_0000))
  for (let n = 0; n < length; n++) frame[6 + extra + n] = (payload[n] as number) ^ (frame[2 + extra + (n & 3)] as number)
  return frame
}

export class BadFrame extends Error {}

/** Cuts a server's bytes into frames; answers those that are whole now. Throws BadFrame for what cannot be one. */
export const createFrameReader = () => {
  let pending: Uint8Array = new Uint8Array(0)
  return (bytes: Uint8Array): { opcode: number; payload: Uint8Array }[] => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
    const frames: { opcode: number; payload: Uint8Array }[] = []
    for (;;) {
      if (pending.length < 2) return frames
      const view = new DataView(pending.buffer, pending.byteOffset, pending.length)
      const short = view.getUint8(1)
      if (short & 0x80) throw new BadFrame('a server must not mask')
      const extra = short < 126 ? 0 : short === 126 ? 2 : 8
      if (pending.length < 2 + extra) return frames
      const length = extra === 0 ? short : extra === 2 ? view.getUint16(2) : Number(view.getBigUint64(2))
      if (length > MAX_PAYLOAD_BYTES) throw new BadFrame(`a frame of ${length} bytes`)
      if (pending.length < 2 + extra + length) return frames
      frames.push({ opcode: view.getUint8(0) & 0x0f, payload: pending.subarray(2 + extra, 2 + extra + length) })
      pending = pending.subarray(2 + extra + length)
    }
  }
}
