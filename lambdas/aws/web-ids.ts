import { sessionIdFrom } from '../../core/domain/session-id.ts'
import type { Ids } from '../../core/ports/ids.ts'
import { sha256Hex } from './sha256.ts'

export const openWebIds = (): Ids => ({
  session: () => sessionIdFrom(crypto.getRandomValues(new Uint8Array(16))),
  sha256: sha256Hex,
})
