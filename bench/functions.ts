import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atMost, type Figure, ms, type Row } from './figure.ts'
import { BOOT_SECONDS, firstCalls, MACHINE_ROLE } from './functions/first-calls.ts'
import { start } from './functions/start.ts'
import { openTableStub } from './functions/table-stub.ts'
import { interleaved } from './measure.ts'

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
  MACHINE_ROLE,
  CONNECTIONS_URL: 'http://127.0.0.1:1/v1',
  RUNNER_BUNDLES: '{"x64":{"bucket":"b","key":"k","sha256":"s"}}',
  BOOT_SECONDS: String(BOOT_SECONDS),
  DISK_GB: '40',
  STORED_GB: '20',
  DAILY_BUDGET_USD: '10000',
  MODEL_ROLE_ARN: '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
}

const EMPTY = '{ handler: async () => ({ statusCode: 200 }) }'
const API = `await import(${JSON.stringify(join(directory('http'), 'index.mjs'))})`

const WHY =
  'Node’s own https is 7 ms of it (and as much of another core), compiling 6; the rest are Hono, the SDK’s signer and HTTP handler and the use cases; docs/decisions/functions.md'

/** Whatever is not loaded at the start must not only be loaded by the call that made it start. */
const withFirstCall = (what: string, ours: number, base: number, init: number): Row => ({
  what: `API function: start and ${what} answered`,
  ours: `${ms(ours)}, of which ${ms(ours - init)} after init,`,
  base: `an empty handler: ${ms(base)}`,
  measured: `${(ours / base).toFixed(2)} ×`,
  goal: 'none',
  reached: true,
})

/** Sizes of the deployed functions, and the API function's start against a handler that does nothing. */
export const functions: Figure = {
  name: 'functions',
  seconds: 180,
  run: async () => {
    const stub = await openTableStub()
    try {
      const env = { ...ENVIRONMENT, AWS_ENDPOINT_URL: stub.endpoint }
      const calls = Object.entries(await firstCalls(stub))
      const took = await interleaved(15, {
        empty: () => start(EMPTY, env),
        api: () => start(API, env),
        answered: () => start(EMPTY, env, {}),
        ...Object.fromEntries(calls.map(([name, event]) => [name, () => start(API, env, event)])),
      } as Record<string, () => Promise<number>>)
      const { empty = Number.NaN, api = Number.NaN, answered = Number.NaN } = took
      return [
        size('http', 700),
        ...['socket', 'workspaces', 'step', 'janitor', 'spend', 'spot-notice', 'operate'].map((name) => size(name, 1000)),
        { ...atMost('API function: init', api, empty, 2, { ours: '', base: 'an empty handler: ' }), why: WHY },
        ...calls.map(([name]) => withFirstCall(name, took[name] ?? Number.NaN, answered, api)),
      ]
    } finally {
      stub.close()
    }
  },
}
