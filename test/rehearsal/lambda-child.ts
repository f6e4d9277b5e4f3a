/** Runs one deployed function inside its own process, as the Node runtime of Lambda does: our model of it. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

type Event = { id: string; payload: string; deadline: number; arn: string }
type Handler = (event: unknown, context: unknown) => unknown

const { LAMBDA_TASK_ROOT = '', _HANDLER = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env
const say = (message: object) => process.send?.(message)

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const failure = (error: unknown) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] }

const load = async (): Promise<Handler> => {
  const [file = '', name = ''] = _HANDLER.split('.')
  const require = createRequire(join(LAMBDA_TASK_ROOT, 'index.js'))
  let path = join(LAMBDA_TASK_ROOT, `${file}.mjs`)
  try {
    path = require.resolve(path)
  } catch {
    path = require.resolve(join(LAMBDA_TASK_ROOT, file))
  }
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  const handler = module[name]
  if (typeof handler !== 'function') throw new Error(`${_HANDLER} is not a function`)
  return handler as Handler
}

const context = ({ id, deadline, arn }: Event) => ({
  awsRequestId: id,
  functionName: AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: '$LATEST',
  invokedFunctionArn: arn,
  memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
  logGroupName: `/aws/lambda/${AWS_LAMBDA_FUNCTION_NAME}`,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  callbackWaitsForEmptyEventLoop: false,
})

const run = async (handler: Handler, event: Event) => {
  try {
    const answer = await handler(JSON.parse(event.payload), context(event))
    say({ id: event.id, payload: JSON.stringify(answer) ?? 'null', rss: process.memoryUsage.rss() })
  } catch (error) {
    console.error(error)
    say({ id: event.id, failure: failure(error), rss: process.memoryUsage.rss() })
  }
}

// Whoever runs us is gone.
process.once('disconnect', () => process.exit())
try {
  const handler = await load()
  process.on('message', (event: Event) => void run(handler, event))
  say({ ready: true })
} catch (error) {
  console.error(error)
  say({ initFailure: failure(error) })
}
