import { createApi } from '../core/api/create-api.ts'
import { ARCHITECTURES } from '../core/contract/architectures.ts'
import type { Architecture } from '../core/contract/runner.ts'
import { MOST_STORED_OBJECTS } from '../core/lifecycle/advance-run.ts'
import { controlPlane } from '../core/usecases/control-plane.ts'
import type { Settings } from '../core/usecases/settings.ts'
import { admitCloudAgent } from './aws/admit-agent.ts'
import { openDynamoMachineStore } from './aws/dynamo-machine-store.ts'
import { admission } from './aws/identity.ts'
import { compose } from './compose.ts'
import { readEnvironment } from './environment.ts'
import { openHttpHandler } from './http-event.ts'
import { lazily } from './lazily.ts'
import { NO_MACHINERY } from './no-machinery.ts'

const MOST_COUNTED = 100
const BUNDLE_SECONDS = 900

/** The HTTP API's function. */
export const composeHttp = (env: NodeJS.ProcessEnv) => {
  const { ports, table, addresses, stored, secrets } = compose(env, NO_MACHINERY)
  const { sessions, clock } = ports
  const own = readEnvironment(env, [
    'VERSION',
    'BUCKET',
    'MACHINE_ROLE',
    'SESSION_ROLE_ARN',
    'MODEL_ROLE_ARN',
    'RUNNER_BUNDLES',
    'DAILY_BUDGET_USD',
    'AWS_REGION',
    'STORED_GB',
  ])
  const { VERSION, BUCKET, MACHINE_ROLE, SESSION_ROLE_ARN, MODEL_ROLE_ARN, RUNNER_BUNDLES, DAILY_BUDGET_USD, AWS_REGION } = own
  const mostBytes = own.STORED_GB * 1024 ** 3

  const grants = lazily(async () => {
    const [{ STSClient }, { openStsGrants }] = await Promise.all([import('@aws-sdk/client-sts'), import('./aws/sts-grants.ts')])
    const grant = openStsGrants({
      sts: new STSClient({}),
      roleArn: SESSION_ROLE_ARN,
      modelRoleArn: MODEL_ROLE_ARN,
      bucket: BUCKET,
      region: AWS_REGION,
      endpointUrl: env['AWS_ENDPOINT_URL'],
      secretsOf: (session) => secrets.granted(session.id),
    })
    return { grant }
  })
  const runnerBundle = async (architecture: Architecture) => {
    const bundle = RUNNER_BUNDLES[architecture]
    if (!bundle) return undefined
    return { url: await addresses.get({ ...bundle, seconds: BUNDLE_SECONDS }), sha256: bundle.sha256 }
  }
  const machines = openDynamoMachineStore({ ...table, now: clock.now })
  const neighbours: Settings['neighbours'] = async ({ id: session, attempts }, number, { ended, over }) => {
    const machine = attempts.find((attempt) => attempt.number === number)?.machine
    if (machine === undefined) return undefined // not recorded yet, so nobody can have joined it
    return over ? machines.finish(machine, { session, attempt: number }) : machines.tend(machine, ended)
  }
  const plane = controlPlane(ports, {
    runtimes: ['cloud', `cloud:${AWS_REGION}`],
    dailyBudgetUsd: DAILY_BUDGET_USD,
    readsPrices: true,
    architectures: ARCHITECTURES.filter((one) => RUNNER_BUNDLES[one] !== undefined),
    log: () => ({ kind: 'upload' }),
    grant: (session, attempt) => grants.grant(session, attempt),
    neighbours,
    runnerBundle,
    stored: async (session) => ({
      ...(await stored.below(`sessions/${session}/`, { bytes: mostBytes, objects: MOST_STORED_OBJECTS })),
      mostBytes,
    }),
    admit: async (ask) => admitCloudAgent(ask, MODEL_ROLE_ARN !== undefined),
    agentFiles: async ({ id, checkpoint }) =>
      checkpoint?.agentFiles && addresses.get({ bucket: BUCKET, key: `sessions/${id}/${checkpoint.agentFiles}` }),
  })
  const startedAt = new Date(clock.now()).toISOString()
  const about = async () => {
    const { sessions: active } = await sessions.list({ active: true, limit: MOST_COUNTED })
    return {
      version: VERSION,
      runtimes: ['cloud'],
      startedAt,
      activeSessions: active.length,
      bedrock: MODEL_ROLE_ARN !== undefined,
    }
  }
  return openHttpHandler(createApi(plane, about), admission({ machines, machineRole: MACHINE_ROLE }), VERSION)
}
