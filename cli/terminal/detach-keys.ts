const TILDE = 0x7e
const DOT = 0x2e
/** Ctrl-C too: the shell begins a line of its own after it. */
const beginsLine = (byte: number) => byte === 0x0a || byte === 0x0d || byte === 0x03

/** `~.` at the beginning of a line detaches; `~~` there types one `~`. As people know it from ssh. */
export const openDetachKeys = () => {
  let atStart = true
  let held = false
  return (bytes: Uint8Array): { typed: Uint8Array; detach: boolean } => {
    const typed: number[] = []
    for (const byte of bytes) {
      if (held) {
        held = false
        if (byte === DOT) return { typed: Uint8Array.from(typed), detach: true }
        typed.push(TILDE)
        if (byte === TILDE) {
          atStart = false
          continue
        }
      } else if (atStart && byte === TILDE) {
        held = true
        continue
      }
      typed.push(byte)
      atStart = beginsLine(byte)
    }
    return { typed: Uint8Array.from(typed), detach: false }
  }
}
