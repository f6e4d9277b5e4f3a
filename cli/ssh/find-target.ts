import { RemoteError } from '../../core/contract/remote-error.ts'
import { type AwsAccess, awsAccess } from '../cloud/aws-access.ts'
import { type Cloud, keepCloud } from '../cloud/clouds-file.ts'
import { findStack } from '../cloud/find-stack.ts'
import { resolveCloud } from '../cloud/open-cloud.ts'
import type { Connection } from '../connect.ts'
import { findSession } from '../find-session.ts'
import type { Io } from '../io.ts'
import { describeEndpoint } from './instance-connect.ts'
import { instanceConnectRefusal } from './instance-connect-refusal.ts'
import { type Machine, machineOf, type Target } from './target.ts'

/** AWS's own names, and addresses with a port. */
const HOST = /<dnsName>([A-Za-z0-9.:-]+)<\/dnsName>/

/** The cloud with its endpoint; what was kept by an older program may not name it. */
const withEndpoint = async (io: Io, runtime: string): Promise<Cloud & { connectEndpoint: string }> => {
  const { cloud: known } = await resolveCloud(io, runtime)
  if (known.connectEndpoint !== undefined) return { ...known, connectEndpoint: known.connectEndpoint }
  const cloud = { ...known, ...(await findStack(awsAccess(io.env, known), known.stack, known.region)) }
  keepCloud(io.env, cloud)
  const { connectEndpoint, stack, region } = cloud
  if (connectEndpoint !== undefined) return { ...cloud, connectEndpoint }
  throw new RemoteError(
    'not_supported',
    `stack ${stack} in ${region} has no Instance Connect Endpoint: nothing reaches its machines`,
    {
      hint: `deploy it with one, it is free: remote cloud deploy --stack ${stack} --region ${region} --set instanceConnect=true`,
    },
  )
}

/** Asked once: it does not change while the endpoint is there. */
const hostOf = async (
  io: Io,
  access: AwsAccess,
  cloud: Cloud & { connectEndpoint: string },
  session: string,
): Promise<string> => {
  const { connectEndpoint: endpoint, connectHost, region, profile } = cloud
  if (connectHost?.endpoint === endpoint) return connectHost.host
  const { status, headers, bytes } = await describeEndpoint({ env: io.env, region, keys: await access.keys() }, endpoint)
  const text = bytes.toString('utf8')
  const host = HOST.exec(text)?.[1]
  if (status !== 200 || host === undefined)
    throw instanceConnectRefusal(
      { status, date: headers.date, text },
      { doing: 'ec2:DescribeInstanceConnectEndpoints', session, profile },
    )
  keepCloud(io.env, { ...cloud, connectHost: { endpoint, host } })
  return host
}

/** The next look asks AWS again. */
const forgetEndpoint = async (io: Io, runtime: string): Promise<void> => {
  const { connectHost: _, connectEndpoint: __, ...rest } = (await resolveCloud(io, runtime)).cloud
  keepCloud(io.env, rest)
}

export type Found = {
  connection: Connection
  session: string
  first: Target
  /** How its machine is reached now: a session may go on on another one. */
  target(): Promise<Target>
  /** Forgets where the endpoint is, because no tunnel was opened there: it may have been made anew. */
  forget(): Promise<void>
}

/** The session, and how its machine is reached. Throws before anything is opened when there is no way. */
export const findTarget = async (io: Io, id: string, { quiet = false }: { quiet?: boolean }): Promise<Found> => {
  const { connection, session } = await findSession(io, id, { quiet })
  const { runtime } = connection
  if (runtime === 'local')
    throw new RemoteError('not_supported', `${session.id} runs on this computer: there is nowhere to go by ssh`, {
      hint: `what it does: remote attach ${session.id}; what it changed: remote diff ${session.id}`,
    })
  const whole = async (machine: Machine): Promise<Target> => {
    const cloud = await withEndpoint(io, runtime)
    const access = awsAccess(io.env, cloud)
    const { connectEndpoint: endpoint, region, profile } = cloud
    return { session: session.id, region, profile, endpoint, host: await hostOf(io, access, cloud, session.id), ...machine }
  }
  const target = async () => whole(machineOf(await connection.get('/v1/sessions/:id', { param: { id: session.id } })))
  const forget = () => forgetEndpoint(io, runtime)
  return { connection, session: session.id, target, forget, first: await whole(machineOf(session)) }
}
