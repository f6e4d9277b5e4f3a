import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Control, createControl } from './control.ts'

const START_MS = 60_000

/** A port that was free a moment ago: moto must know its own before it starts. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.listen(0, '127.0.0.1', resolve).once('error', reject))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

export type Aws = { endpoint: string; port: number; control: Control; log(): string; close(): Promise<void> }

const TAKEN = 'Address already in use'
const TRIES = 5

/** moto with our model of AWS around it (launcher.py), on loopback. */
export const openAws = async (): Promise<Aws> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openAwsAt(await freePort())
    } catch (error) {
      // Somebody else was quicker.
      if (tries === TRIES || !(error instanceof Error && error.message.includes(TAKEN))) throw error
    }
  }
}

const openAwsAt = async (port: number): Promise<Aws> => {
  const launcher = fileURLToPath(new URL('launcher.py', import.meta.url))
  const child = spawn('python3', ['-B', launcher, '--port', String(port)], { stdio: ['pipe', 'pipe', 'pipe'] })
  let log = ''
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const keep = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-1_000_000)
  }
  child.stderr.on('data', keep)
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`moto did not start: ${log}`)), START_MS)
      child.once('error', reject)
      exited.then(() => reject(new Error(`moto ended: ${log}`)))
      child.stdout.on('data', (chunk: Buffer) => {
        keep(chunk)
        if (!log.includes('listening on')) return
        clearTimeout(late)
        resolve()
      })
    })
  } catch (error) {
    await close()
    throw error
  }
  // Its CloudFormation knows its own templates by the name `localhost` (cdk-deploy.ts); SDKs address buckets by path at an address.
  const endpoint = `http://127.0.0.1:${port}`
  return { endpoint, port, control: createControl(endpoint), log: () => log, close }
}
