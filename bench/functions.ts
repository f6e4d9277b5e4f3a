import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atMost, type Figure, type Row } from './figure.ts'
import { interleaved, NODE, timed } from './measure.ts'

const directory = (name: string) => fileURLToPath(new URL(`../dist/lambdas/${name}`, import.meta.url))
const bytesOf = (name: string) =>
  readdirSync(directory(name)).reduce((sum, file) => sum + statSync(join(directory(name), file)).size, 0)

/** All its files, also those that only some calls load. In KB, against the goal of DESIGN: 700 for the API, 1,000 for the others. */
const size = (name: string, limitKb: number): Row => {
  const kb = bytesOf(name) / 1000
  return {
    what: `function ${name}`,
    ours: `${Math.round(kb)} KB minified`,
    base: '',
    measured: `${Math.round(kb)} KB`,
    goal: `≤ ${limitKb} KB`,
    reached: kb <= limitKb,
  }
}

/** What the stack tells the API's function. */
const ENVIRONMENT = {
  STACK: 'remote',
  VERSION: '0',
  TABLE: 't',
  BUCKET: 'b',
  KEPT_DAYS: '30',
  STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:1:stateMachine:s',
  SESSION_ROLE_ARN: 'arn:aws:iam::1:role/session',
  MACHINE_ROLE: 'machine',
  CONNECTIONS_URL: 'http://127.0.0.1:1/v1',
  RUNNER_BUNDLES: '{}',
  BOOT_SECONDS: '300',
  DISK_GB: '40',
  STORED_GB: '20',
  DAILY_BUDGET_USD: '10',
  MODEL_ROLE_ARN: '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
}

const init = (code: string) =>
  timed(NODE, ['--input-type=module', '-e', code], { env: { PATH: process.env['PATH'], ...ENVIRONMENT } })

/** Sizes of the deployed functions, and the API function's start against a handler that does nothing. */
export const functions: Figure = {
  name: 'functions',
  seconds: 60,
  run: async () => {
    const took = await interleaved(15, {
      empty: () => init('export const handler = async () => {}'),
      api: () =>
        init(
          `const { handler } = await import(${JSON.stringify(join(directory('http'), 'index.mjs'))}); if (!handler) throw new Error('no handler')`,
        ),
    })
    return [
      size('http', 700),
      ...['socket', 'workspaces', 'step', 'janitor', 'spend', 'spot-notice', 'operate'].map((name) => size(name, 1000)),
      {
        ...atMost('API function: init', took.api, took.empty, 2, { ours: '', base: 'an empty handler: ' }),
        why: 'the DynamoDB client, Hono and the contract are read and evaluated, and a function has no place for a compile cache',
      },
    ]
  },
}
