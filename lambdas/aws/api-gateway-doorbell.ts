import type { ToRunner, ToViewer } from '../../core/contract/frames.ts'
import type { Session } from '../../core/contract/session.ts'
import type { Doorbell } from '../../core/ports/doorbell.ts'
import type { ConnectionStore } from './dynamo-connection-store.ts'
import type { PostFrame } from './post-frame.ts'

export type Bells = { connections: ConnectionStore; post: PostFrame }

/** A record's task may be a quarter of a megabyte, and what else was asked much more; a frame takes 128 KB. Whoever wants all of it asks for the record. */
const SHOWN_CHARACTERS = 4000

export const shown = (session: Session): Session => {
  const { setup: _, repository, ...request } = session.request
  const { shallow: __, ignore: ___, ...source } = repository ?? {}
  const shortened = { ...request, task: request.task.slice(0, SHOWN_CHARACTERS), env: {} }
  return { ...session, request: repository ? { ...shortened, repository: source as typeof repository } : shortened }
}

/** Sends a frame to each, and forgets who is gone. The live path never fails a call: what is lost is healed from the record. */
export const sendAll = async ({ connections, post }: Bells, to: readonly string[], frame: ToViewer | ToRunner): Promise<void> => {
  const one = async (connection: string) => {
    try {
      if (!(await post(connection, frame))) await connections.missed(connection)
    } catch (error) {
      console.error('frame', connection, error)
    }
  }
  await Promise.all(to.map(one))
}

/** The live path over API Gateway's WebSockets. */
export const openApiGatewayDoorbell = (bells: Bells): Doorbell => {
  const { connections } = bells
  return {
    ring: async (session) => {
      const runner = await connections.runner(session)
      if (runner !== undefined) await sendAll(bells, [runner], { type: 'bell' })
    },
    watched: async (session) => (await connections.viewers(session)).length > 0,
    changed: async (session) => {
      const [viewers, tables] = await Promise.all([connections.viewers(session.id), connections.tables()])
      const all = [...viewers, ...tables]
      if (all.length > 0) await sendAll(bells, all, { type: 'session', session: shown(session) })
      if (session.state === 'ended' && viewers.length > 0)
        await sendAll(bells, viewers, { type: 'complete', session: shown(session) })
    },
  }
}
