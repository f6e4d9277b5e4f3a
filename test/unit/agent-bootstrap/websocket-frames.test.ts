import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadFrame, createFrameReader, encodeFrame, OPCODES } from '../../../agent-bootstrap/websocket-frames.ts'

/** A server's frame: the same without a mask. */
const unmasked = (opcode: number, payload: Uint8Array): Uint8Array => {
  const { length } = payload
  const size =
    length < 126
      ? [length]
      : length < 65_536
        ? [126, length >> 8, length & 255]
        : [127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255]
  return Uint8Array.from([0x80 | opcode, ...size, ...payload])
}

describe('the frames of the doorbell', () => {
  it('are read however the bytes are cut', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 65_530, max: 65_560 }).map((length) => new Uint8Array(length).fill(7)),
    )
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 4 }), fc.array(fc.nat(1000), { maxLength: 8 }), (payloads, cuts) => {
        const data = Buffer.concat(payloads.map((bytes) => unmasked(OPCODES.text, bytes)))
        const read = createFrameReader()
        const edges = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length]
        const frames = edges.slice(1).flatMap((to, n) => read(data.subarray(edges[n], to)))
        expect(frames.map((frame) => Buffer.from(frame.payload))).toEqual(payloads.map((bytes) => Buffer.from(bytes)))
      }),
      { numRuns: 200 },
    )
  })

  it('are masked, and give the payload back when unmasked', () => {
    for (const length of [0, 5, 125, 126, 65_535, 65_536]) {
      const payload = new Uint8Array(length).map((_, n) => n)
      const frame = encodeFrame(OPCODES.text, payload)
      const start = frame.length - length
      expect((frame[1] as number) & 0x80).toBe(0x80)
      expect(payload.every((byte, n) => byte === ((frame[start + n] as number) ^ (frame[start - 4 + (n & 3)] as number)))).toBe(
        true,
      )
    }
  })

  it('that no doorbell sends are refused', () => {
    expect(() => createFrameReader()(Uint8Array.from([0x81, 0x80, 0, 0, 0, 0]))).toThrow(BadFrame)
    expect(() => createFrameReader()(Uint8Array.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]))).toThrow(BadFrame)
  })
})
