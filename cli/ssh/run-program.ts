import { spawn } from 'node:child_process'

export type Ran = { code: number | null; stderr: string }

/** Runs a program without input and keeps what it says. Rejects when there is no such program. */
export const runProgram = (
  program: string,
  args: readonly string[],
  { env, timeoutMs }: { env: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: timeoutMs })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stderr }))
  })
