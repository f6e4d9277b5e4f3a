import { spawn } from 'node:child_process'
import { RemoteError } from '../core/contract/remote-error.ts'
import { type Connection, connect } from './connect.ts'
import type { Io } from './io.ts'
import { checkSecret, readSecret } from './secret-value.ts'

const COMMAND_MS = 120_000
/** As the contract's limit of one credential. */
const MAX_BYTES = 32_768

/** What the command prints; what it says and asks goes to the terminal. Its output appears nowhere. */
const printedBy = async (io: Io, name: string, command: string): Promise<string> => {
  const child = spawn('/bin/sh', ['-c', '--', command], {
    cwd: '/',
    env: io.env,
    stdio: ['inherit', 'pipe', 'inherit'],
    timeout: COMMAND_MS,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code))
  })
  ended.catch(() => undefined) // awaited below, once its output is read
  const text = await readSecret(child.stdout, MAX_BYTES)
  const code = await ended
  if (code === 0) return text
  throw new RemoteError(
    'refused',
    `the command of secret ${name} ended with ${code ?? `a signal (it has ${COMMAND_MS / 1000} s)`}, so nothing was dispatched`,
    { hint: `run it by itself and see: ${command}` },
  )
}

/**
 * Commands that print secrets are run if they are kept on this computer alone: others may write to a cloud's secrets, and must not have
 * their commands run here.
 */
const ownSecrets = async (io: Io, connection: Connection, names: readonly string[]) => {
  const { secrets } = await connection.get('/v1/secrets')
  if (connection.isNear) return secrets
  const there = secrets.filter(({ command }) => command === undefined).map(({ name }) => name)
  if (names.every((name) => there.includes(name))) return []
  const here = await connect(io, { quiet: true }).get('/v1/secrets')
  return here.secrets.filter(({ name }) => !there.includes(name))
}

/** The values of those secrets that are what a command prints, now. The others are the control plane's to add. */
export const printedSecrets = async (
  io: Io,
  connection: Connection,
  names: readonly string[],
): Promise<Record<string, string>> => {
  if (names.length === 0) return {}
  const secrets = await ownSecrets(io, connection, names)
  const values: [string, string][] = []
  // One after the other: each may ask for something on the terminal.
  for (const { name, command } of secrets) {
    if (command === undefined || !names.includes(name)) continue
    values.push([name, checkSecret(await printedBy(io, name, command), `what the command of secret ${name} prints`)])
  }
  return Object.fromEntries(values)
}
