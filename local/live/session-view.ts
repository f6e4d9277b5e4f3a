import type { Session } from '../../core/contract/session.ts'
import { attemptDir, type Sealed, sealedNow } from '../adapters/spool-segment-store.ts'
import { SpoolFrames } from './spool-frames.ts'
import type { Viewer } from './viewer.ts'

/** What the viewers of one session share, for as long as there is one: the newest record, and what was read of the spool. */
export class SessionView {
  session: Session
  readonly viewers = new Set<Viewer>()
  readonly #sessionsDir: string
  readonly #frames = new Map<number, SpoolFrames>()
  readonly #sealed = new Map<number, Sealed | undefined>()

  constructor(session: Session, sessionsDir: string) {
    this.session = session
    this.#sessionsDir = sessionsDir
  }

  #dir(attempt: number): string {
    return attemptDir(this.#sessionsDir, this.session.id, attempt)
  }

  frames(attempt: number): SpoolFrames {
    const known = this.#frames.get(attempt)
    if (known) return known
    const made = new SpoolFrames(this.#dir(attempt), attempt)
    this.#frames.set(attempt, made)
    return made
  }

  /** Undefined while more can come. */
  sealed(attempt: number): Sealed | undefined {
    if (!this.#sealed.has(attempt)) this.#sealed.set(attempt, sealedNow(this.#dir(attempt)))
    return this.#sealed.get(attempt)
  }

  /** The spool reaches further: whoever had seen all of it looks again. */
  grown() {
    for (const frames of this.#frames.values()) frames.grown()
    for (const viewer of this.viewers) viewer.wake()
  }

  /** The record changed, or an attempt was sealed: nothing that was not there is believed to be missing still. */
  changed() {
    for (const [attempt, sealed] of this.#sealed) if (!sealed) this.#sealed.delete(attempt)
    this.grown()
  }
}
