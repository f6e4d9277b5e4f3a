import type { Connection } from './connect.ts'
import { askSide, cloudsInUse, connectTo } from './control-planes.ts'
import type { Io } from './io.ts'

/** The market moves within hours, and what is planned here is bought later. */
const FRESH_MS = 6 * 3_600_000

/**
 * This computer has no market of its own: it plans with what the nearest cloud of the user's has read. Without one, or where it does not
 * answer, with what is here; the date is shown in any case.
 */
export const bringPrices = async (io: Io, side: Connection): Promise<void> => {
  if (!side.isNear || (await cloudsInUse(io)).length === 0) return
  const { table } = await side.get('/v1/prices')
  if (table?.spotAt !== undefined && Date.now() - Date.parse(table.spotAt) < FRESH_MS) return
  const open = () => connectTo(io, 'cloud', { quiet: true })
  const told = await askSide('cloud', open, (cloud) => cloud.get('/v1/prices', {}, { once: true }))
  if ('value' in told && told.value.table) await side.put('/v1/prices', { json: told.value.table })
}
