import type { z } from 'zod'
import type { EventBody } from '../../core/contract/events.ts'
import type { Outcome } from '../../core/contract/outcome.ts'
import type { Flags, RunSpec } from '../../core/contract/runner.ts'
import type { Typing } from '../typing.ts'
import type { AgentProgram } from './install-agent.ts'

export type Waiting = z.infer<typeof Flags>['waiting']

/** How one turn ended. */
export type Turn = { outcome: Outcome }

/** Puts an event into the session's log, redacted. Resolves when the log takes more: whoever reads a pipe waits for it. */
export type Emit = (body: EventBody, bytes?: Uint8Array) => Promise<void>

export type Confined = {
  command: string
  args: string[]
  env: Record<string, string>
  /** Gives the terminal that it runs on to whom it runs as. */
  own?: ((terminal: string) => void) | undefined
}

/** Puts a command into the sandbox or PID namespace that the machine has. `isTerminal`: it is started as the leader of a terminal. */
export type Confine = (
  command: string,
  args: string[],
  env: Record<string, string>,
  how?: { isTerminal: boolean },
) => Promise<Confined>

/** Of a terminal session. */
export type Seat = {
  typing: Pick<Typing, 'open'>
  /** Something was typed or printed: it is not idle. */
  active(): void
}

export type DriverContext = {
  spec: RunSpec
  /** The directory to work in. */
  cwd: string
  /** The agent's environment: what the user has, secrets, and the marker by which its processes are found. */
  env: Record<string, string>
  /** Private state of the agent: configuration, session files, temporary files. Kept until the session is cleaned up. */
  privateDir: string
  /** Of the machine, shared by its sessions: `agents/` below it holds what was installed on demand. */
  dataDir: string
  emit: Emit
  confine: Confine
  /** What the session waits for now; undefined when it works. */
  setWaiting(waiting: Waiting): void
  /** What `prepare` brought. */
  program?: AgentProgram | undefined
  seat?: Seat | undefined
}

export interface Driver {
  /** Can an agent session be continued after its process died? */
  readonly resumable: boolean
  /** Brings the agent's program to this machine, if it is not there: begun beside the checkout, because both take long. */
  prepare?(context: Pick<DriverContext, 'spec' | 'env' | 'dataDir' | 'emit'>): Promise<AgentProgram>
  /** Throws a refusal when the agent cannot be started. Resumes `spec.agentHandle` when there is one and it still can be. */
  start(context: DriverContext): Promise<AgentRun>
}

export type Answer = {
  permission?: string | undefined
  option?: string | undefined
  choice?: 'approve' | 'deny' | undefined
  by: string
}

export interface AgentRun {
  /** The agent's own session, by which another run can resume it. The same as `spec.agentHandle` when that was resumed. */
  handle(): string | undefined
  /** One turn. Only one at a time. A crash of the agent is a failed outcome, not a throw. */
  prompt(text: string): Promise<Turn>
  /** Cancels the turn that runs, if one does; its `prompt` then resolves. */
  interrupt(): Promise<void>
  /** False when no such permission is waiting. */
  answer(answer: Answer): boolean
  /** Asks the agent to end and resolves when it has, or after `graceMs`. The caller kills what is left. */
  stop(graceMs: number): Promise<void>
  /** Kills the agent's own process. May be repeated. */
  kill(): void
}
