import { createHash, randomBytes } from 'node:crypto'
import { sessionIdFrom } from '../../core/domain/session-id.ts'
import type { Ids } from '../../core/ports/ids.ts'

export const openIds = (): Ids => ({
  session: () => sessionIdFrom(randomBytes(16)),
  sha256: async (text) => createHash('sha256').update(text).digest('hex'),
})
