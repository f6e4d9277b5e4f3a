import type { Readable } from 'node:stream'
import { expect } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import type { Machine } from './machine.ts'
import type { Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** Of a machine that boots on a slow machine. */
const PATIENCE_MS = 120_000

const record = async ({ cli }: Rehearsal, id: string): Promise<Session> => {
  const { out, stderr } = await cli(['status', '--all', '--json'])
  const found = (JSON.parse(out) as { sessions: Session[] }).sessions.find((one) => one.id === id)
  if (!found) throw new Error(`${id} is not listed: ${stderr}`)
  return found
}

/** A command on a machine of its own, once it runs. */
export const runningSession = async (rehearsal: Rehearsal, task: string): Promise<Session> => {
  const shell = ['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--detach', '--quiet', task]
  const { code, out, stderr } = await rehearsal.cli(shell)
  expect(code, stderr).toBe(0)
  return until(
    'it runs',
    async () => {
      const found = await record(rehearsal, out.trim())
      return found.state === 'running' ? found : undefined
    },
    PATIENCE_MS,
  )
}

export const machineOfSession = ({ machines }: Rehearsal, { attempts }: Session): Promise<Machine> => {
  const instance = machines?.instances.get(attempts[0]?.machine ?? '')
  if (!instance) throw new Error('the session has no machine')
  return instance.machine
}

/** Until the stream has said it. */
export const said = async (stream: Readable | null, what: string): Promise<void> => {
  let text = ''
  for await (const part of stream ?? []) {
    text += String(part)
    if (text.includes(what)) return
  }
  throw new Error(`it ended without ${what}: ${text}`)
}
