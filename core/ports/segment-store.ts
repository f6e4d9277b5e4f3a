import type { AttemptLog } from '../contract/log.ts'

/** History. Written by the runner, or by `sealWhereDurable` when its machine is gone. */
export interface SegmentStore {
  /**
   * What is durable of an attempt now; an attempt that never wrote has `last: 0`. `url`s are paths on this API or absolute. Segments
   * that end before seq `from` may be left out, and the later ones of many: who has read those that are listed asks again from there.
   */
  log(session: string, attempt: number, from?: number): Promise<AttemptLog>
  /** Records one sealed segment; `final` closes the attempt. May be repeated. */
  seal(
    session: string,
    attempt: number,
    seal: { first: number; last: number; sha256?: string | undefined; bytes?: number | undefined; final: boolean },
  ): Promise<void>
  /**
   * Closes the log of an attempt whose machine is gone after its last whole record, and answers that record's seq (0: none).
   * Whatever was torn is cut. May be repeated; the answer stays the same.
   */
  sealWhereDurable(session: string, attempt: number, why: string): Promise<number>
  /** Bytes of whole records (records.ts) from seq `first` on, for stores that serve segments through this API. */
  read(session: string, attempt: number, first: number): Promise<ReadableStream<Uint8Array>>
}
