// The contract's MIN_SECRET_CHARACTERS (a test compares them): importing it would load zod into the runner's start.
export const MIN_HIDDEN_CHARACTERS = 8

/** A secret to hide; with a name, `[redacted:NAME]` takes its place. */
export type Hidden = string | { name: string; value: string }

/** One spelling of a secret, as bytes, and what is printed instead. */
export type Pattern = { bytes: Uint8Array; marker: Uint8Array }

const encoder = new TextEncoder()
/**
 * Longer spellings are looked for in pieces of this many bytes. They overlap, so that one marker covers them all; and neither what
 * is held back nor the work on text that nearly is a secret grows with the secret.
 */
const PIECE_BYTES = 512
const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`

/**
 * Base64 of `bytes` when `before` other bytes come first: only characters that those cannot change, up to the last one that
 * later bytes cannot change; and with that last one too, as it is when nothing follows.
 */
const base64 = (bytes: Uint8Array, before: number, alphabet: string): string[] => {
  const first = Math.ceil((8 * before) / 6)
  const bits = 8 * (before + bytes.length)
  const whole = Math.floor(bits / 6)
  const bitAt = (at: number) => {
    const byte = bytes[(at >> 3) - before]
    return byte === undefined ? 0 : (byte >> (7 - (at & 7))) & 1
  }
  const character = (n: number) => {
    let value = 0
    for (let bit = 6 * n; bit < 6 * n + 6; bit++) value = (value << 1) | bitAt(bit)
    return alphabet[value] ?? ''
  }
  let text = ''
  for (let n = first; n < whole; n++) text += character(n)
  return bits % 6 === 0 ? [text] : [text, text + character(whole)]
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const lowerEscapes = (text: string) => text.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase())

/** Lone surrogates become U+FFFD, as they do wherever text is written as UTF-8. */
const percent = (text: string): string[] => {
  const loose = encodeURIComponent(text.toWellFormed())
  const strict = loose.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const forms = [loose, strict, loose.replaceAll('%20', '+'), strict.replaceAll('%20', '+')]
  return [...forms, ...forms.map(lowerEscapes)]
}

const json = (text: string): string[] => {
  const plain = JSON.stringify(text).slice(1, -1)
  const escaped = (upper: boolean) =>
    plain.replace(/[\u007f-\uffff]/g, (c) => {
      const code = c.charCodeAt(0).toString(16).padStart(4, '0')
      return `\\u${upper ? code.toUpperCase() : code}`
    })
  const forms = [plain, escaped(false), escaped(true)]
  return [...forms, ...forms.map((form) => form.replaceAll('/', '\\/'))]
}

/** Every spelling of one value that is looked for. */
export const spellings = (value: string): string[] => {
  const bytes = encoder.encode(value)
  const sixes = [0, 1, 2].flatMap((before) => [...base64(bytes, before, STANDARD), ...base64(bytes, before, URL_SAFE)])
  const digits = hex(bytes)
  return [...new Set([value, ...json(value), ...percent(value), ...sixes, digits, digits.toUpperCase()])]
}

/** The value, and each of its lines that is long enough not to occur by chance. */
const parts = (value: string) =>
  [...new Set([value, ...value.split(/\r\n|\n|\r/).flatMap((line) => [line, line.trim()])])].filter(
    (part) => part.length >= MIN_HIDDEN_CHARACTERS,
  )

const piecesOf = (bytes: Uint8Array): Uint8Array[] => {
  if (bytes.length <= PIECE_BYTES) return [bytes]
  const pieces: Uint8Array[] = []
  for (let at = 0; at + PIECE_BYTES < bytes.length; at += PIECE_BYTES - 1) pieces.push(bytes.subarray(at, at + PIECE_BYTES))
  return [...pieces, bytes.subarray(-PIECE_BYTES)]
}

/** Values under 8 characters are left alone: they cannot be hidden soundly, and are refused where secrets are set. */
export const patternsOf = (secrets: readonly Hidden[]): Pattern[] => {
  const found = new Map<string, string | undefined>()
  for (const secret of secrets) {
    const { name, value } = typeof secret === 'string' ? { name: undefined, value: secret } : secret
    for (const part of parts(value)) for (const text of spellings(part)) if (!found.has(text)) found.set(text, name)
  }
  const texts = [...found.keys()]
  // A marker must not spell a secret itself: somebody's secret may well be "redacted".
  const sound = (marker: string) => !texts.some((text) => marker.includes(text))
  const markers = new Map<string | undefined, Uint8Array>()
  const markerOf = (name: string | undefined) => {
    const known = markers.get(name)
    if (known) return known
    const text = [...(name === undefined ? [] : [`[redacted:${name}]`]), '[redacted]', '[***]'].find(sound) ?? '***'
    const marker = encoder.encode(text)
    markers.set(name, marker)
    return marker
  }
  const patterns = new Map<string, Pattern>()
  for (const [text, name] of found)
    for (const bytes of piecesOf(encoder.encode(text))) {
      const key = bytes.length < PIECE_BYTES ? text : String.fromCharCode(...bytes)
      if (!patterns.has(key)) patterns.set(key, { bytes, marker: markerOf(name) })
    }
  return [...patterns.values()]
}
