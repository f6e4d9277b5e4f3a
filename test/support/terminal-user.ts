import { fileURLToPath } from 'node:url'
import { openPseudoTerminal } from '../../agent-bootstrap/agents/pseudo-terminal.ts'
import { until } from './world-processes.ts'

const program = fileURLToPath(new URL('../../dist/remote.cjs', import.meta.url))

export type TerminalUserOptions = {
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  columns?: number
  rows?: number
}

/**
 * Somebody at a terminal of their own who runs `remote` from a shell there. After it the shell says how the terminal was left and with
 * which code it ended.
 */
export const terminalUser = ({ args, env, cwd, columns = 80, rows = 24 }: TerminalUserOptions) => {
  let seen = Buffer.alloc(0)
  const script =
    'trap : INT; before=$(stty -g); "$@"; code=$?; [ "$(stty -g)" = "$before" ] && echo "left=as-it-was"; echo "code=$code."'
  const terminal = openPseudoTerminal({
    command: '/bin/sh',
    args: ['-c', script, 'sh', process.execPath, program, ...args],
    env: { TERM: 'xterm-256color', ...env },
    ...{ cwd, columns, rows },
    take: async (bytes) => {
      seen = Buffer.concat([seen, bytes])
    },
  })
  const text = () => seen.toString('utf8')
  return {
    text,
    /** All that was shown, byte for byte. */
    bytes: () => seen,
    pid: terminal.pid,
    type: (keys: string) => terminal.type(Buffer.from(keys)),
    resize: terminal.resize,
    /** Resolves once this was shown; answers all of it. */
    sees: (what: string | RegExp, seconds = 60) =>
      until(
        `the terminal shows ${what}`,
        () => (typeof what === 'string' ? text().includes(what) : what.test(text())) || undefined,
        seconds,
      ).catch((error: unknown) => {
        throw new Error(`${error}\nit showed: ${JSON.stringify(text().slice(-4000))}`)
      }),
    /** How the terminal was left, and the exit code. */
    ended: async () => {
      await terminal.drained
      return { isAsItWas: text().includes('left=as-it-was'), code: Number(/code=(\d+)\./.exec(text())?.[1]) }
    },
    close: terminal.close,
  }
}
export type TerminalUser = ReturnType<typeof terminalUser>
