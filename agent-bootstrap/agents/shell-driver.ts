import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Outcome } from '../../core/contract/outcome.ts'
import { killTree, signalTree } from '../process-tree.ts'
import type { AgentRun, Driver, DriverContext } from './driver.ts'
import { openOutputPipes } from './output-pipes.ts'

/**
 * Processes that outlive the command can hold its output open. They get this long to finish by themselves (`> >(tee log)` is
 * one of them); then they are killed, and what they wrote so far is kept.
 */
const DRAIN_MS = 2000

/**
 * In a PID namespace everything dies with the command, so what finishes after it is waited for inside: until there are no more
 * processes than before it. The traps are for signals that go to everybody: the command decides what they mean. What this shell
 * itself would say ("Killed") is not the command's, and goes nowhere.
 */
const LINGER = `trap : TERM INT HUP; task=$1; set -- /proc/[0-9]*; before=$#
exec 3>&2 2>/dev/null; (exec /bin/sh -c -- "$task" 2>&3 3>&-); code=$?
n=0; while set -- /proc/[0-9]*; [ $# -gt $before ] && [ $n -lt ${DRAIN_MS / 50} ]; do sleep 0.05; n=$((n+1)); done; exit $code`

/** The command as a program to start, fenced in where the machine can. */
const confined = async (context: DriverContext, task: string) => {
  // It may begin with a dash, and is no option.
  const plain = ['-c', '--', task]
  const fenced = await context.confine('/bin/sh', plain, context.env)
  if (fenced.args.length === plain.length) return fenced
  return context.confine('/bin/sh', ['-c', LINGER, 'sh', task], context.env)
}

const ended = (exitCode: number | null, signal: NodeJS.Signals | null): Outcome => {
  if (signal !== null) return { outcome: 'failed', code: 'signal', reason: `The command was ended by ${signal}.`, signal }
  const code = exitCode ?? 1
  const reason = `The command exited with ${code}.`
  return { outcome: code === 0 ? 'succeeded' : 'failed', code: 'exit', reason, exitCode: code }
}

const notStarted = (error: Error): Outcome => ({
  outcome: 'failed',
  code: 'spawn',
  reason: `The command could not be started: ${error.message}`,
})

/** Linux takes no single argument of 128 KB or more, whatever else there is room for (MAX_ARG_STRLEN). */
const MAX_COMMAND_BYTES = process.platform === 'linux' ? 128 * 1024 - 1 : Number.POSITIVE_INFINITY
const TOO_LONG: Outcome = {
  outcome: 'refused',
  code: 'too_large',
  reason: 'The command line is longer than this system takes (128 KB). Put it into a script of the repository, and run that.',
}

/** A command line for `/bin/sh`: the one shell that every machine has, whatever the user's own is. */
const startShell = async (context: DriverContext): Promise<AgentRun> => {
  const { spec, emit } = context
  const ending = Promise.withResolvers<void>()
  let running = false
  let stopped = false

  const prompt = async (text: string): Promise<{ outcome: Outcome }> => {
    if (Buffer.byteLength(text) > MAX_COMMAND_BYTES) return { outcome: TOO_LONG }
    const [{ command, args, env }, pipes] = await Promise.all([confined(context, text), openOutputPipes(context.privateDir)])
    if (stopped) return { outcome: { outcome: 'terminated', code: 'terminated', reason: 'The command was not started.' } }
    running = true
    // A group of its own: a Ctrl-C at the terminal that started the daemon must not reach it.
    const child = spawn(command, args, {
      cwd: context.cwd,
      env,
      detached: true,
      stdio: ['ignore', pipes.stdout.writeFd, pipes.stderr.writeFd],
    })
    closeSync(pipes.stdout.writeFd)
    closeSync(pipes.stderr.writeFd)
    const drained = Promise.all([
      pipes.stdout.read((bytes) => emit({ type: 'output', stream: 'stdout' }, bytes)),
      pipes.stderr.read((bytes) => emit({ type: 'output', stream: 'stderr' }, bytes)),
    ])
    const outcome = await new Promise<Outcome>((resolve) => {
      child.on('error', (error) => resolve(notStarted(error)))
      child.on('exit', (code, signal) => resolve(ended(code, signal)))
    })
    const patience = setTimeout(() => void killTree(spec.session), DRAIN_MS)
    await drained
    clearTimeout(patience)
    running = false
    ending.resolve()
    return { outcome }
  }

  return {
    handle: () => undefined,
    prompt,
    interrupt: async () => signalTree(spec.session, 'SIGINT'),
    answer: () => false,
    stop: async (graceMs) => {
      stopped = true
      if (!running) return
      signalTree(spec.session, 'SIGTERM')
      const timer = setTimeout(ending.resolve, graceMs)
      await ending.promise
      clearTimeout(timer)
    },
    kill: () => {
      stopped = true
      if (running) void killTree(spec.session)
    },
  }
}

export const shellDriver: Driver = { resumable: false, start: startShell }
