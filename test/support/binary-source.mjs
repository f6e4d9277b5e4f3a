// Writes `megabytes` of pseudo-random bytes, half to each stream, in pieces of odd lengths, over about `seconds`.
const [megabytes, seconds] = process.argv.slice(2).map(Number)
let seed = 42
const next = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed
}
const streams = [process.stdout, process.stderr]
const PIECE = 50_000
const pieces = Math.ceil((megabytes * 1024 * 1024) / PIECE)
for (let n = 0; n < pieces; n++) {
  const piece = Buffer.alloc(PIECE - (n % 977))
  for (let at = 0; at + 4 <= piece.length; at += 4) piece.writeUInt32LE(next(), at)
  await new Promise((resolve) => streams[n % 2].write(piece, resolve))
  if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / pieces))
}
