import { spawn } from 'node:child_process'
import type { Confine, Emit } from './agents/driver.ts'

export type SetupFailure = { command: string; how: string }
export type SetupOptions = {
  commands: readonly string[]
  cwd: string
  env: Record<string, string>
  confine: Confine
  emit: Emit
}

/** Of a command's output the end is kept: that is where it says what went wrong. */
const KEPT_BYTES = 16 * 1024

/**
 * Runs the project's [setup] commands one after the other, shown as tool calls: the session's own output stays exactly the
 * command's. Answers the first that failed.
 */
export const runSetup = async ({ commands, cwd, env, confine, emit }: SetupOptions): Promise<SetupFailure | undefined> => {
  for (const [n, command] of commands.entries()) {
    const tool = { type: 'tool', id: `setup-${n + 1}`, title: command, kind: 'execute' } as const
    await emit({ ...tool, status: 'in_progress' })
    const confined = await confine('/bin/sh', ['-c', '--', command], env)
    const child = spawn(confined.command, confined.args, {
      cwd,
      env: confined.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = Buffer.alloc(0)
    const keep = (bytes: Buffer) => {
      const all = Buffer.concat([output, bytes])
      const cut = all.length - KEPT_BYTES
      // At the start of a line: half a secret could not be recognised any more.
      output = cut > 0 ? all.subarray(all.indexOf('\n', cut) + 1 || all.length) : all
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const how = await new Promise<string | undefined>((resolve) => {
      child.on('error', (error) => resolve(`could not be started: ${error.message}`))
      child.on('exit', (code, signal) =>
        resolve(code === 0 ? undefined : signal ? `was ended by ${signal}` : `exited with ${code}`),
      )
    })
    // What it left in the background may hold its output open, and may be meant to stay (a database): nobody waits for that.
    child.stdout.destroy()
    child.stderr.destroy()
    await emit({ ...tool, status: how === undefined ? 'completed' : 'failed', output: output.toString() })
    if (how !== undefined) return { command, how }
  }
  return undefined
}
