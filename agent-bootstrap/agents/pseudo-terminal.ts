import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { ReadStream } from 'node:tty'
import { RemoteError } from '../../core/contract/remote-error.ts'

/** The binary that `@lydell/node-pty` brings for each platform. */
type Binary = {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    isUtf8: boolean,
    helper: string,
    onExit: (code: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string }
  resize(fd: number, columns: number, rows: number): void
}

const AS_WE_ARE = -1

/**
 * The binary alone, not the library around it: that one stops reading 200 ms after the process has ended, whatever is still unread, and
 * does not say when what is written was taken.
 */
const loadBinary = (): { binary: Binary; helper: string } => {
  const library = '@lydell/node-pty'
  const own = `${library}-${process.platform}-${process.arch}`
  try {
    // Installed beside or below the library, as the package manager likes it.
    const { resolve } = createRequire(createRequire(import.meta.url).resolve(`${library}/package.json`))
    const binary = createRequire(import.meta.url)(resolve(`${own}/pty.node`)) as Binary
    return { binary, helper: process.platform === 'darwin' ? resolve(`${own}/spawn-helper`) : '' }
  } catch (cause) {
    throw new RemoteError('agent_missing', `there are no terminals here: ${own} cannot be loaded`, {
      hint: 'install remote again, with its optional dependencies',
      cause,
    })
  }
}

export type PseudoTerminal = {
  /** Of the process that was started: the leader of the terminal's session. */
  pid: number
  /** The terminal's own name: `/dev/pts/3`. */
  name: string
  /** Resolves when the terminal has taken them; never, once it is closed. */
  type(bytes: Uint8Array): Promise<void>
  resize(columns: number, rows: number): void
  ended: Promise<{ code: number; signal: NodeJS.Signals | null }>
  /** Resolves when the last process that had it open is gone and all that was written has been read. */
  drained: Promise<void>
  /** Nothing more is read: what has it open hears a hang-up. */
  close(): void
}

export type PseudoTerminalOptions = {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  columns: number
  rows: number
  /** Reading rests while it has not resolved. */
  take(bytes: Uint8Array): Promise<void>
}

const signalName = (number: number): NodeJS.Signals | null =>
  (Object.entries(constants.signals).find(([, known]) => known === number)?.[0] as NodeJS.Signals | undefined) ?? null

/** Starts a command whose terminal we are. Throws when the platform has no terminals for us. */
export const openPseudoTerminal = (options: PseudoTerminalOptions): PseudoTerminal => {
  const { command, args, cwd, columns, rows, take } = options
  const { binary, helper } = loadBinary()
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`)
  const ended = Promise.withResolvers<{ code: number; signal: NodeJS.Signals | null }>()
  const drained = Promise.withResolvers<void>()
  const onExit = (code: number, signal: number) => ended.resolve({ code, signal: signalName(signal) })
  const { fd, pid, pty } = binary.fork(command, [...args], env, cwd, columns, rows, AS_WE_ARE, AS_WE_ARE, true, helper, onExit)
  const stream = new ReadStream(fd)
  let open = true
  stream.on('data', (bytes) => {
    let taken = false
    void take(bytes).then(() => {
      taken = true
      stream.resume()
    })
    queueMicrotask(() => {
      if (!taken) stream.pause()
    })
  })
  // EIO is how it ends on Linux.
  stream.on('error', () => stream.destroy())
  stream.on('end', () => stream.destroy())
  stream.on('close', () => {
    open = false
    drained.resolve()
  })
  return {
    pid,
    name: pty,
    type: (bytes) =>
      new Promise((resolve) => {
        if (!open) return
        stream.write(bytes, (error) => {
          if (!error) resolve()
        })
      }),
    resize: (wide, high) => {
      if (open) binary.resize(fd, wide, high)
    },
    ended: ended.promise,
    drained: drained.promise,
    close: () => stream.destroy(),
  }
}
