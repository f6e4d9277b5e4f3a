import type { Session } from '../core/contract/session.ts'
import { DETACHED_EXIT } from './exit-code.ts'
import type { Io } from './io.ts'

export type Accepted = {
  session: Session
  /** Ctrl-C came while the answer was on its way: nobody waits, but whoever pressed it is told what goes on. */
  isLeft: boolean
}

/** A session that is asked for. From the asking on it may be there, so a Ctrl-C waits for its id; a second one does not. */
export const accepted = async (io: Pick<Io, 'onInterrupt'>, ask: () => Promise<Session>): Promise<Accepted> => {
  let isLeft = false
  const stopListening = io.onInterrupt(() => {
    if (isLeft) process.exit(DETACHED_EXIT)
    isLeft = true
  })
  try {
    const session = await ask()
    return { session, isLeft }
  } finally {
    stopListening()
  }
}
