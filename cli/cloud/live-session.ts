import { setTimeout as pause } from 'node:timers/promises'
import type { Remains } from '../../core/contract/operate.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Connection } from '../connect.ts'
import { followLog } from '../follow/follow-log.ts'
import { type Io, write } from '../io.ts'
import { askOperate } from './ask-operate.ts'
import type { Opened } from './opened-cloud.ts'

/** Should everything else fail, the machine ends itself then. */
const TTL_SECONDS = 600
/** EC2 says `shutting-down` for up to a minute or two; its disk goes after it. */
const GONE_MS = 300_000
const LOOK_MS = 2000

export type LiveAsk = { instance: string; spot: boolean }
export type Live = {
  session: Session
  /** From the request, by this computer's clock; undefined when it did not come to that. */
  seconds: { firstByte: number | undefined; ended: number; gone: number | undefined }
  remains: Remains['remains']
}

/** One session like any other on a machine of its own, watched from the request until nothing of it is there. Ctrl-C ends it, and waits as well. */
export const liveSession = async (io: Io, opened: Opened, connection: Connection, { instance, spot }: LiveAsk): Promise<Live> => {
  const began = performance.now()
  const since = () => (performance.now() - began) / 1000
  const json = {
    task: 'uname -a',
    agent: 'shell',
    runtime: 'cloud',
    instance,
    spot,
    ttlSeconds: TTL_SECONDS,
  }
  const started = await connection.post('/v1/sessions', { json }, { headers: { 'idempotency-key': crypto.randomUUID() } })
  const { id } = started
  let interrupted = false
  const stopListening = io.onInterrupt(() => {
    interrupted = true
    void write(io.stderr, `ending ${id}\n`).catch(() => undefined)
    const ending = connection.post('/v1/sessions/:id/terminate', { param: { id }, json: { now: true } })
    void ending.catch((error: unknown) => write(io.stderr, `it could not be ended (${error}): remote terminate ${id}\n`))
  })
  try {
    let firstByte: number | undefined
    let told = ''
    const session = await followLog({
      connection,
      session: id,
      from: { attempt: 1, seq: 1 },
      signal: new AbortController().signal,
      give: async ({ events }) => {
        if (events.some(({ head }) => head.type === 'output')) firstByte ??= since()
      },
      changed: ({ state }) => {
        if (state !== told) void write(io.stderr, `${since().toFixed(1)} s  ${state}\n`).catch(() => undefined)
        told = state
      },
    })
    const ended = since()
    let remains: Remains['remains'] = []
    for (const deadline = performance.now() + GONE_MS; ; await pause(LOOK_MS)) {
      remains = (await askOperate<Remains>(io, opened, { ask: 'remains', session: id })).remains
      if (remains.length === 0 || performance.now() > deadline) break
    }
    if (interrupted)
      throw new RemoteError('refused', `interrupted: ${id} was ended`, { hint: 'see: remote cloud doctor --orphans' })
    return { session, seconds: { firstByte, ended, gone: remains.length === 0 ? since() : undefined }, remains }
  } finally {
    stopListening()
  }
}
