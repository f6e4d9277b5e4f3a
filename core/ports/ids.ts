export interface Ids {
  /** A new `s-…`, from a cryptographic source. */
  session(): string
  /** SHA-256, hex. */
  sha256(text: string): Promise<string>
}
