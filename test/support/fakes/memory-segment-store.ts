import type { LogEvent } from '../../../core/contract/events.ts'
import { decodeRecords, encodeRecord, recordLength } from '../../../core/contract/records.ts'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import type { SegmentStore } from '../../../core/ports/segment-store.ts'

type Attempt = { segments: Map<number, Uint8Array<ArrayBuffer>>; sealed?: { last: number; lost?: string } }
type Place = { offset: number; next: number }

/** After the last whole record before seq `until`. */
const walk = (bytes: Uint8Array, first: number, until = Number.POSITIVE_INFINITY): Place => {
  let place = { offset: 0, next: first }
  while (place.next < until) {
    const length = recordLength(bytes, place.offset)
    if (length === undefined) break
    place = { offset: place.offset + length, next: place.next + 1 }
  }
  return place
}

/** Logs in memory. Segments are what `write` made of them. */
export class MemorySegmentStore implements SegmentStore {
  readonly #attempts = new Map<string, Attempt>()

  #of(session: string, attempt: number): Attempt {
    const key = `${session} ${attempt}`
    const known = this.#attempts.get(key) ?? { segments: new Map<number, Uint8Array<ArrayBuffer>>() }
    this.#attempts.set(key, known)
    return known
  }

  #last({ segments }: Attempt): number {
    const [first, bytes] = [...segments].at(-1) ?? [1, new Uint8Array(0)]
    return walk(bytes, first).next - 1
  }

  /** What a machine does beside the control plane: puts bytes behind those of the segment that begins with `first`. */
  async write(session: string, attempt: number, first: number, bytes: Uint8Array) {
    const { segments } = this.#of(session, attempt)
    segments.set(first, new Uint8Array([...(segments.get(first) ?? []), ...bytes]))
  }

  async emit(session: string, attempt: number, ...events: LogEvent[]) {
    for (const { head, bytes } of events) await this.write(session, attempt, 1, encodeRecord(head, bytes))
  }

  /** What is durable, as whoever reads everything gets it. */
  events(session: string, attempt: number): LogEvent[] {
    return [...this.#of(session, attempt).segments.values()].flatMap((bytes) => decodeRecords(bytes).events)
  }

  async log(session: string, attempt: number) {
    const known = this.#of(session, attempt)
    const segments = [...known.segments].map(([first, bytes]) => {
      const { offset, next } = walk(bytes, first)
      return { url: `/v1/sessions/${session}/log/${attempt}/${first}`, first, last: next - 1, bytes: offset }
    })
    const { sealed } = known
    return {
      attempt,
      segments,
      last: this.#last(known),
      sealed: sealed !== undefined,
      ...(sealed?.lost === undefined ? {} : { lost: sealed.lost }),
    }
  }

  async seal(session: string, attempt: number, { last, final }: { last: number; final: boolean }) {
    if (final) this.#of(session, attempt).sealed ??= { last }
  }

  async sealWhereDurable(session: string, attempt: number, why: string) {
    const known = this.#of(session, attempt)
    known.sealed ??= { last: this.#last(known), lost: why }
    return known.sealed.last
  }

  async read(session: string, attempt: number, from: number) {
    const found = [...this.#of(session, attempt).segments].findLast(([first]) => first <= from)
    if (!found)
      throw new RemoteError('not_found', `event ${attempt}.${from} of ${session} is not stored`, { hint: 'see what is: GET log' })
    const [first, bytes] = found
    return new Blob([bytes.subarray(walk(bytes, first, from).offset, walk(bytes, first).offset)]).stream()
  }
}
