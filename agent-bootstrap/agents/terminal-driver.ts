import type { Outcome } from '../../core/contract/outcome.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { hangUp, killTree } from '../process-tree.ts'
import type { AgentRun, Driver, DriverContext } from './driver.ts'
import { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts'

/** What outlives the shell can hold its terminal open. It gets so long, then it is killed, and what it wrote so far is kept. */
const DRAIN_MS = 2000
/** For what runs in the shell to hear that it is over, and to say so: what does not listen to that must not hold up the end. */
const LAST_WORDS_MS = 1000
/** Until a viewer says how large it is. */
const COLUMNS = 80
const ROWS = 24
/** Of someone who dispatched it from no terminal. */
const TERM = 'xterm-256color'
/** The idle clock need not be exact. */
const ACTIVE_MS = 1000

/** The login shell of whoever it runs as, which is known only inside the fence. */
const LOGIN_SHELL = '[ -x "$SHELL" ] || SHELL=/bin/sh; export SHELL; exec "$SHELL" -l'

const outcomeOf = ({ code, signal }: { code: number; signal: NodeJS.Signals | null }): Outcome => {
  if (signal !== null) return { outcome: 'failed', code: 'signal', reason: `The shell was ended by ${signal}.`, signal }
  const reason = `The shell exited with ${code}.`
  return { outcome: code === 0 ? 'succeeded' : 'failed', code: 'exit', reason, exitCode: code }
}

/** The user's login shell in a terminal of its own: what it prints is the log, what is typed comes from the viewers. */
const startTerminal = async (context: DriverContext): Promise<AgentRun> => {
  const { spec, emit, seat } = context
  if (!seat) throw new RemoteError('bug', 'a terminal was started where nobody can type')
  const ending = Promise.withResolvers<void>()
  let terminal: PseudoTerminal | undefined
  let running = false
  let stopped = false
  let activeAt = Number.NEGATIVE_INFINITY

  const active = () => {
    if (performance.now() - activeAt < ACTIVE_MS) return
    activeAt = performance.now()
    seat.active()
  }

  const prompt = async (): Promise<{ outcome: Outcome }> => {
    const env = { TERM, ...context.env }
    const confined = await context.confine('/bin/sh', ['-c', LOGIN_SHELL], env, { isTerminal: true })
    if (stopped) return { outcome: { outcome: 'terminated', code: 'terminated', reason: 'The shell was not started.' } }
    running = true
    const opened = openPseudoTerminal({
      ...confined,
      cwd: context.cwd,
      columns: COLUMNS,
      rows: ROWS,
      take: (bytes) => {
        active()
        return emit({ type: 'output', stream: 'stdout' }, bytes)
      },
    })
    terminal = opened
    confined.own?.(opened.name)
    active()
    seat.typing.open({
      type: (bytes) => {
        active()
        return opened.type(bytes)
      },
      resize: opened.resize,
    })
    const how = await opened.ended
    const patience = setTimeout(() => void killTree(spec.session), DRAIN_MS)
    await opened.drained
    clearTimeout(patience)
    running = false
    ending.resolve()
    return { outcome: outcomeOf(how) }
  }

  return {
    handle: () => undefined,
    prompt,
    interrupt: async () => terminal?.type(Buffer.from('\u0003')),
    answer: () => false,
    stop: async (graceMs) => {
      stopped = true
      if (!running) return
      const timer = setTimeout(ending.resolve, graceMs)
      // An interactive shell heeds no SIGTERM: this is what it hears when a terminal is closed.
      if (terminal) await hangUp(spec.session, terminal.pid, Math.min(LAST_WORDS_MS, graceMs / 2))
      await ending.promise
      clearTimeout(timer)
    },
    kill: () => {
      stopped = true
      if (running) void killTree(spec.session)
    },
  }
}

export const terminalDriver: Driver = { resumable: false, start: startTerminal }
