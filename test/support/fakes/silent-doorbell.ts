import type { Session } from '../../../core/contract/session.ts'
import type { Doorbell } from '../../../core/ports/doorbell.ts'

/** Remembers what would have been shown. */
export class SilentDoorbell implements Doorbell {
  readonly rung: string[] = []
  readonly shown: Session[] = []
  readonly watchers = new Set<string>()

  ring(session: string) {
    this.rung.push(session)
  }
  watched(session: string) {
    return this.watchers.has(session)
  }
  changed(session: Session) {
    this.shown.push(structuredClone(session))
  }
}
