import { execFile } from 'node:child_process'
import { constants, lstatSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Errand } from '../sandbox-available.ts'

export type OutputPipe = {
  /** For the child; close it once the child has it. */
  writeFd: number
  /** Hands over what comes until the last writer is gone. Reading rests while `take` has not resolved. */
  read(take: (bytes: Uint8Array) => Promise<void>): Promise<void>
}

const MKFIFO_DEADLINE_MS = 10_000

const openPipe = (path: string): OutputPipe => {
  // The reader first and without waiting: opening a FIFO for writing waits for a reader otherwise.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeFd = openSync(path, constants.O_WRONLY)
  rmSync(path)
  const read = (take: (bytes: Uint8Array) => Promise<void>) =>
    new Promise<void>((resolve) => {
      const socket = new Socket({ fd: readFd, readable: true, writable: false })
      socket.on('data', (bytes) => {
        let taken = false
        void take(bytes).then(() => {
          taken = true
          socket.resume()
        })
        // Mostly there is room at once; stopping and starting for each piece would be most of the work.
        queueMicrotask(() => {
          if (!taken) socket.pause()
        })
      })
      socket.on('error', () => socket.destroy())
      socket.on('close', () => resolve())
    })
  return { writeFd, read }
}

type Paths = [stdout: string, stderr: string]
let made: Promise<Paths> | undefined

const freshPaths = (dir: string): Paths => {
  const paths: Paths = [join(dir, `.stdout-${process.pid}`), join(dir, `.stderr-${process.pid}`)]
  for (const path of paths) rmSync(path, { force: true })
  return paths
}
const mkfifo = (paths: Paths) => ({ command: 'mkfifo', args: ['-m', '600', ...paths] })

const makeFifos = async (dir: string): Promise<Paths> => {
  const paths = freshPaths(dir)
  const { command, args } = mkfifo(paths)
  await promisify(execFile)(command, args, { timeout: MKFIFO_DEADLINE_MS })
  return paths
}

const areFifos = (paths: Paths) => paths.every((path) => lstatSync(path, { throwIfNoEntry: false })?.isFIFO())

/**
 * Makes the pipes already, while the runner waits for something else: by a process that `isolated` starts anyway, to see whether the isolation
 * works. To start one holds the runner up for some milliseconds.
 */
export const prepareOutputPipes = (dir: string, isolated: (errand: Errand) => Promise<unknown>) => {
  const prepare = async (): Promise<Paths> => {
    const paths = freshPaths(dir)
    await isolated({ dir, ...mkfifo(paths) })
    return areFifos(paths) ? paths : makeFifos(dir)
  }
  made = prepare()
  made.catch(() => undefined) // whoever opens them hears of it
}

/** They are not needed after all. */
export const dropOutputPipes = async () => {
  const paths = await made?.catch(() => [])
  made = undefined
  for (const path of paths ?? []) rmSync(path, { force: true })
}

/**
 * Real pipes for a command's output. What `spawn` makes are sockets, and a command that opens /dev/stdout or /dev/stderr by
 * name fails on those ("No such device or address").
 */
export const openOutputPipes = async (dir: string): Promise<{ stdout: OutputPipe; stderr: OutputPipe }> => {
  const prepared = made ?? makeFifos(dir)
  made = undefined
  const [stdout, stderr] = await prepared
  return { stdout: openPipe(stdout), stderr: openPipe(stderr) }
}
