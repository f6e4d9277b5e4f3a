import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Control, FunctionDescription } from './control.ts'
import { type Environment, type Outcome, startEnvironment } from './lambda-environment.ts'
import { listening } from './listening.ts'

const run = promisify(execFile)
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6_291_556
/** Enough for a scenario, and little enough for a small machine. */
const MOST_ENVIRONMENTS = 6
const LOG_BYTES = 2_000_000

export type Invoked = { payload: string; failed: boolean }
export type Report = {
  function: string
  initMs: number | undefined
  ms: number
  memoryMb: number
  rssMb: number
  failed: boolean
}
export type LambdaHost = {
  url: string
  /** By name or ARN. Waits while all of the function's environments are busy. */
  invoke(name: string, payload: string): Promise<Invoked>
  log(name: string): string
  /** Of all functions that ever ran. */
  logs(): ReadonlyMap<string, string>
  /** One line per invocation, as Lambda bills it. */
  reports(): readonly Report[]
  close(): Promise<void>
}

type Deployed = {
  idle: Environment[]
  count: number
  waiting: (() => void)[]
  root: Promise<string> | undefined
  /** Its code and its variables. */
  version: string
}

/** Runs every deployed function from its own zip, with its own environment and its role's credentials: our model of Lambda. */
export const openLambdaHost = async (options: { control: Control; endpoint: string; dir: string }): Promise<LambdaHost> => {
  const { control, endpoint, dir } = options
  const functions = new Map<string, Deployed>()
  const logs = new Map<string, string>()
  const reports: Report[] = []
  const all = new Set<Environment>()

  const logTo = (name: string) => (text: string) => void logs.set(name, ((logs.get(name) ?? '') + text).slice(-LOG_BYTES))
  const unpack = async ({ name, code }: FunctionDescription) => {
    const root = join(dir, name, code.replaceAll(/[^\w]/g, '').slice(0, 32))
    await mkdir(root, { recursive: true })
    const zip = `${root}.zip`
    await writeFile(zip, await control.code(name))
    await run('python3', ['-m', 'zipfile', '-e', zip, root])
    return root
  }
  const stale = (place: Deployed) => ![...functions.values()].includes(place)
  const deployed = (about: FunctionDescription): Deployed => {
    const known = functions.get(about.name)
    const version = JSON.stringify([about.code, about.environment])
    // A change of either means new environments; the old ones end with what they are doing.
    if (known && known.version === version) return known
    for (const environment of known?.idle ?? []) void environment.close()
    const fresh: Deployed = { idle: [], count: 0, waiting: [], root: undefined, version }
    functions.set(about.name, fresh)
    return fresh
  }
  const start = async (about: FunctionDescription, place: Deployed) => {
    place.root ??= unpack(about)
    const root = await place.root
    const credentials = await control.credentials(about.role, about.name)
    const environment = await startEnvironment({
      about,
      root,
      temp: join(dir, 'tmp'),
      endpoint,
      credentials,
      log: logTo(about.name),
    })
    all.add(environment)
    return environment
  }
  const take = async (about: FunctionDescription, place: Deployed): Promise<{ environment: Environment; cold: boolean }> => {
    for (;;) {
      const idle = place.idle.pop()
      if (idle?.alive()) return { environment: idle, cold: false }
      if (idle) place.count -= 1
      else if (place.count < Math.min(MOST_ENVIRONMENTS, about.concurrency ?? MOST_ENVIRONMENTS)) {
        place.count += 1
        return { environment: await start(about, place), cold: true }
      } else await new Promise<void>((resolve) => place.waiting.push(resolve))
    }
  }
  const give = (place: Deployed, environment: Environment) => {
    if (environment.alive() && !stale(place)) place.idle.push(environment)
    else {
      place.count -= 1
      void environment.close()
      all.delete(environment)
    }
    place.waiting.shift()?.()
  }
  const report = (about: FunctionDescription, outcome: Outcome, ms: number, initMs: number | undefined) => {
    const rssMb = Math.ceil(outcome.rss / 1048576)
    reports.push({ function: about.name, initMs, ms, memoryMb: about.memoryMb, rssMb, failed: 'failure' in outcome })
    const init = initMs === undefined ? '' : ` Init Duration: ${initMs.toFixed(2)} ms`
    logTo(about.name)(
      `REPORT Duration: ${ms.toFixed(2)} ms Memory Size: ${about.memoryMb} MB Max Memory Used: ${rssMb} MB${init}\n`,
    )
  }
  const answerOf = (outcome: Outcome): Invoked => {
    if ('failure' in outcome) return { payload: JSON.stringify(outcome.failure), failed: true }
    if (Buffer.byteLength(outcome.payload) <= PAYLOAD_BYTES) return { payload: outcome.payload, failed: false }
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES} bytes).`
    return { payload: JSON.stringify({ errorMessage, errorType: 'Function.ResponseSizeTooLarge' }), failed: true }
  }
  const invoke = async (nameOrArn: string, payload: string): Promise<Invoked> => {
    const about = await control.function(nameOrArn)
    const place = deployed(about)
    const { environment, cold } = await take(about, place)
    const began = performance.now()
    try {
      const outcome = await environment.run(payload)
      report(about, outcome, performance.now() - began, cold ? environment.initMs : undefined)
      return answerOf(outcome)
    } finally {
      give(place, environment)
    }
  }

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const name = decodeURIComponent((request.url ?? '').replace(/^\/invoke\//, ''))
    try {
      const { payload, failed } = await invoke(name, Buffer.concat(parts).toString('utf8') || '{}')
      response.writeHead(200, failed ? { 'x-amz-function-error': 'Unhandled' } : {}).end(payload)
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ errorType: 'ServiceException', errorMessage: String(error) }))
    }
  })
  const port = await listening(server)
  return {
    url: `http://127.0.0.1:${port}`,
    invoke,
    log: (name) => logs.get(name) ?? '',
    logs: () => logs,
    reports: () => reports,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      // What a function still writes must not get in the way of who removes its directory.
      await Promise.all([...all].map((environment) => environment.close()))
    },
  }
}
