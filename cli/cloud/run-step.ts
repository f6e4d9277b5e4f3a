import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Io } from '../io.ts'
import { deployAdvice } from './deploy-advice.ts'
import type { Step } from './deploy-steps.ts'

const LONGEST_MS = 60 * 60_000
const KEPT_CHARACTERS = 4000
const TAIL_LINES = 15

/** What a program says, to stderr as it comes; with `quiet` only the end of it, and only when it failed. */
export const runStep = async (
  io: Io,
  { what, command, args, cwd }: Step,
  at: { region: string; quiet: boolean },
): Promise<void> => {
  const { region, quiet } = at
  const child = spawn(command, args, {
    cwd,
    // The CDK starts the app by the name `node`: it has to be this one.
    env: {
      ...io.env,
      PATH: `${dirname(command)}:${io.env['PATH'] ?? ''}`,
      AWS_REGION: region,
      CDK_DEFAULT_REGION: region,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  })
  let said = ''
  const hear = (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-KEPT_CHARACTERS)
    if (!quiet) io.stderr.write(chunk)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const stopListening = io.onInterrupt(() => child.kill('SIGINT'))
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'))
    })
    if (code === 0) return
    const end = said.trimEnd().split('\n').slice(-TAIL_LINES).join('\n  ')
    const words = quiet
      ? `its last words:\n  ${end}`
      : 'what it said is above; another try goes on from there: remote cloud deploy'
    throw new RemoteError('refused', `${what} failed (${code})`, { hint: deployAdvice(said, region) ?? words })
  } finally {
    stopListening()
  }
}
