import { Database } from '../local/adapters/database.ts'
import { openSqliteSessionStore } from '../local/adapters/sqlite-session-store.ts'
import { aSession, sessionId } from '../test/support/samples.ts'
import type { World } from '../test/support/world.ts'
import { atMost, type Figure } from './figure.ts'
import { inWorld } from './in-world.ts'
import { interleaved } from './measure.ts'

const MANY = 10_000
const FEW = 100

const fill = async (world: World, count: number): Promise<void> => {
  const database = Database.open(world.paths.database)
  const store = openSqliteSessionStore(database, { now: Date.now })
  for (let n = 0; n < count; n++) {
    const outcome = { outcome: 'succeeded', code: 'exit', reason: 'the command ended with 0', exitCode: 0 } as const
    const session = { ...aSession(n), state: 'ended', outcome, endedAt: new Date().toISOString() } as const
    await store.insert(session, undefined, { by: 'ada', what: 'accepted' })
  }
  database.close()
}

const asking = (world: World, path: string) => async () => {
  const from = performance.now()
  const { status } = await world.api('GET', path)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  return performance.now() - from
}

export const storedSessions: Figure = {
  name: 'stored-sessions',
  seconds: 90,
  run: () =>
    inWorld(
      (many) =>
        inWorld(async (few) => {
          await fill(many, MANY)
          await fill(few, FEW)
          for (const world of [many, few]) await world.startDaemon()
          const list = '/sessions?all=1&limit=100'
          const took = await interleaved(150, {
            listFew: asking(few, list),
            listMany: asking(many, list),
            showFew: asking(few, `/sessions/${sessionId(50).slice(0, 12)}`),
            showMany: asking(many, `/sessions/${sessionId(5000).slice(0, 12)}`),
          })
          const base = `${FEW} sessions: `
          return [
            atMost('10,000 stored sessions: list', took.listMany, took.listFew, 1.3, { ours: '', base }),
            atMost('10,000 stored sessions: show', took.showMany, took.showFew, 1.3, { ours: '', base }),
          ]
        }, false),
      false,
    ),
}
