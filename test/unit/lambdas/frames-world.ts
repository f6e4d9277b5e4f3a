import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { ToViewer } from '../../../core/contract/frames.ts'
import { openApiGatewayDoorbell } from '../../../lambdas/aws/api-gateway-doorbell.ts'
import { openDynamo } from '../../../lambdas/aws/dynamo.ts'
import { openDynamoConnectionStore } from '../../../lambdas/aws/dynamo-connection-store.ts'
import { takeFrame } from '../../../lambdas/aws/take-frame.ts'
import { createAwsTable } from '../../support/aws-table.ts'
import { fakePorts } from '../../support/fakes/fake-ports.ts'
import type { Moto } from '../../support/moto.ts'
import { aSession } from '../../support/samples.ts'

/** A session that runs, its runner `r`, two viewers `v` and `w`, and what is posted to whom. */
export const openFramesWorld = async (moto: Moto) => {
  const { clock, sessions, segments } = fakePorts()
  const dynamo = openDynamo(moto.config)
  const tableName = await createAwsTable(new DynamoDBClient(moto.config))
  const connections = openDynamoConnectionStore({ dynamo, tableName, clock })
  const posted: [string, { type: string }][] = []
  const gone = new Set<string>()
  const typed: string[] = []
  const post = async (connection: string, frame: object) => {
    if (gone.has(connection)) return false
    posted.push([connection, frame as ToViewer])
    return true
  }
  const session = aSession(1)
  await sessions.insert({ ...session, state: 'running', attempts: [{ number: 1 }] }, undefined, { by: 'ada', what: 'dispatched' })
  await segments.seal(session.id, 1, { last: 5, final: false })
  const said = () => posted.splice(0).map(([connection, { type, ...rest }]) => [connection, type, rest] as const)
  const frames = takeFrame({
    connections,
    post,
    sessions,
    segments,
    typed: async (of, by, connection) => void typed.push(`${by} ${of} ${connection}`),
  })
  const say = (connection: string, frame: object) => frames.frame(connection, JSON.stringify(frame))
  const attach = (connection: string) => say(connection, { type: 'attach', session: session.id, from: { attempt: 1, seq: 1 } })
  await connections.put('r', { role: 'runner', session: session.id, attempt: 1 })
  for (const viewer of ['v', 'w']) await connections.put(viewer, { role: 'viewer', by: `owner of ${viewer}` })
  return {
    leave: frames.gone,
    clock,
    id: session.id,
    sessions,
    connections,
    doorbell: openApiGatewayDoorbell({ connections, post }),
    said,
    say,
    attach,
    gone,
    typed,
  }
}
