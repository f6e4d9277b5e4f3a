import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { NODE } from '../measure.ts'

/** Says when it is ready for its first call, and when that was answered. How a process ends is no part of a function's start. */
const script = (handler: string) => `
const { handler } = ${handler}
if (!handler) throw new Error('no handler')
process.stdout.write('ready\\n')
if (process.env.EVENT !== undefined) {
  const { statusCode, body } = await handler(JSON.parse(process.env.EVENT), {})
  if (statusCode >= 300) throw new Error(body)
  process.stdout.write('answered\\n')
}
process.exit(0)`

/** Milliseconds from the start of a process until it is ready, or with an event until that is answered. */
export const start = async (handler: string, env: NodeJS.ProcessEnv, event?: object): Promise<number> => {
  const until = event ? 'answered\n' : 'ready\n'
  const from = performance.now()
  const child = spawn(NODE, ['--input-type=module', '-e', script(handler)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env, ...(event && { EVENT: JSON.stringify(event) }) },
  })
  let [took, said, errors] = [Number.NaN, '', '']
  child.stdout.on('data', (chunk) => {
    said += chunk
    if (Number.isNaN(took) && said.includes(until)) took = performance.now() - from
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0 || Number.isNaN(took)) throw new Error(`the function ended with ${code}: ${errors}${said}`)
  return took
}
