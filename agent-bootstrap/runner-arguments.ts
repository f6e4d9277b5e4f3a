import { parseArgs } from 'node:util'

/** What the machine's launcher tells the runner. Nothing secret: arguments can be read by everybody on the machine. */
export type RunnerArguments = {
  session: string
  attempt: number
  /** Of the control plane: `unix:/path/to.sock`, `https://…`. */
  endpoint: string
  /** Of its doorbell where that is another one: `wss://…`. */
  socket: string | undefined
  /** Where the control plane is one in AWS. */
  region: string | undefined
  /** Of the session. */
  dir: string
  cache: string
  data: string
  /** A sandbox will be wanted, as far as the launcher knows: it is tried while the control plane is asked. */
  fenced: boolean
  /** Another runner had this attempt and died, as this says: what it left is brought away, and nothing is started. */
  leave: string | undefined
}

export const runnerArguments = (argv: readonly string[]): RunnerArguments => {
  const string = { type: 'string' } as const
  const options = {
    session: string,
    attempt: string,
    endpoint: string,
    socket: string,
    region: string,
    dir: string,
    cache: string,
    data: string,
    leave: string,
    unfenced: { type: 'boolean' } as const,
  }
  const { values } = parseArgs({ args: [...argv], options })
  const { session, attempt, endpoint, socket, region, dir, cache, data, leave, unfenced } = values
  if (!session || !attempt || !endpoint || !dir || !cache || !data)
    throw new Error('usage: --session S --attempt N --endpoint E [--socket W --region R] --dir D --cache C --data D')
  return { session, attempt: Number(attempt), endpoint, socket, region, dir, cache, data, leave, fenced: !unfenced }
}
