import { applyFact } from '../core/lifecycle/apply-fact.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { callerOf, type Iam, worksFor } from './aws/identity.ts'
import { takeFrame } from './aws/take-frame.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { NO_MACHINERY } from './no-machinery.ts'

/** What is used of a WebSocket API's events. */
export type SocketEvent = {
  requestContext: { routeKey: string; connectionId: string; identity?: { userArn?: string; caller?: string } }
  queryStringParameters?: Record<string, string | undefined> | null
  body?: string | null
  isBase64Encoded?: boolean
}
type Answer = { statusCode: number }

const OK: Answer = { statusCode: 200 }
const REFUSED: Answer = { statusCode: 403 }

/** The WebSocket API's function. */
export const composeSocket = (env: NodeJS.ProcessEnv) => {
  const { ports, table, bells } = compose(env, NO_MACHINERY)
  const { MACHINE_ROLE } = readEnvironment(env, ['MACHINE_ROLE'])
  const machines = openDynamoMachineStore({ ...table, now: ports.clock.now })
  const { frame, gone } = takeFrame({
    ...bells,
    sessions: ports.sessions,
    segments: ports.segments,
    typed: async (session, by, connection) => {
      await applyFact(ports)(session, { type: 'typed', by, connection })
    },
  })

  /** A machine connects as the runner of an attempt that works there, and nobody else does. */
  const connect = async (connection: string, iam: Iam, query: Record<string, string | undefined>): Promise<Answer> => {
    const caller = callerOf(iam, MACHINE_ROLE)
    if (caller.kind === 'person') {
      if (query['role'] !== 'viewer') return REFUSED
      await bells.connections.put(connection, { role: 'viewer', by: caller.name })
      return OK
    }
    const machine = await machines.of(caller.instance)
    const { session = '', attempt = '' } = query
    if (!machine || query['role'] !== 'runner' || !worksFor(machine, session, Number(attempt))) return REFUSED
    await bells.connections.put(connection, { role: 'runner', session, attempt: Number(attempt) })
    return OK
  }

  return async ({ requestContext, queryStringParameters, body, isBase64Encoded }: SocketEvent): Promise<Answer> => {
    const { routeKey, connectionId, identity } = requestContext
    if (routeKey === '$connect') {
      const iam = { userArn: identity?.userArn ?? '', callerId: identity?.caller ?? '' }
      return connect(connectionId, iam, queryStringParameters ?? {})
    }
    if (routeKey === '$disconnect') await gone(connectionId)
    else await frame(connectionId, isBase64Encoded ? Buffer.from(body ?? '', 'base64').toString() : (body ?? ''))
    return OK
  }
}
