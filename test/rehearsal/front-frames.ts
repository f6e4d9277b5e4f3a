/** Watches a client's bytes for the size of its frames, which `ws` does not tell: RFC 6455, 5.2. */
export const frameMeter = (onFrame: (bytes: number) => void) => {
  let head = Buffer.alloc(0)
  let skip = 0
  return (chunk: Buffer) => {
    let rest = chunk
    while (rest.length > 0) {
      if (skip > 0) {
        const taken = Math.min(skip, rest.length)
        skip -= taken
        rest = rest.subarray(taken)
        continue
      }
      // At most two bytes, eight of length and four of mask come before the payload.
      const wanted = head.length < 2 ? 2 : headBytes(head)
      const taken = rest.subarray(0, wanted - head.length)
      head = Buffer.concat([head, taken])
      rest = rest.subarray(taken.length)
      if (head.length < 2 || head.length < headBytes(head)) continue
      skip = payloadBytes(head)
      onFrame(skip)
      head = Buffer.alloc(0)
    }
  }
}

const lengthCode = (head: Buffer) => (head[1] ?? 0) & 0x7f
const headBytes = (head: Buffer) => {
  const extended = { 126: 2, 127: 8 }[lengthCode(head)] ?? 0
  return 2 + extended + ((head[1] ?? 0) & 0x80 ? 4 : 0)
}
const payloadBytes = (head: Buffer) => {
  const code = lengthCode(head)
  if (code === 126) return head.readUInt16BE(2)
  return code === 127 ? Number(head.readBigUInt64BE(2)) : code
}
