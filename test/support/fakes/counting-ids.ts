import { createHash } from 'node:crypto'
import type { Ids } from '../../../core/ports/ids.ts'
import { sessionId } from '../samples.ts'

/** Ids in order, so that a failing test fails the same way again. */
export const countingIds = (): Ids => {
  let n = 0
  return {
    session: () => sessionId(++n),
    sha256: async (text) => createHash('sha256').update(text).digest('hex'),
  }
}
