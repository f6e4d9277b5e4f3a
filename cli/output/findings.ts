import type { Finding } from '../finding.ts'
import { type Io, write } from '../io.ts'
import { oneLine, printable } from './printable.ts'
import { styleOf } from './style.ts'

const MARKS = { ok: '✓', warn: '!', fail: '✗' } as const

/** What was checked, a line each; answers the exit code: 1 when something keeps sessions from running. */
export const showFindings = async (io: Io, checks: readonly Finding[], asJson: boolean): Promise<number> => {
  const { green, yellow, red, dim } = styleOf(io.stdout, io.env)
  const paint = { ok: green, warn: yellow, fail: red }
  const width = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 4)
  const line = ({ name, state, says, hint }: Finding) =>
    `${paint[state](MARKS[state])} ${name.padEnd(width)}  ${oneLine(says)}\n${hint ? `${indent}${dim(printable(hint).replaceAll('\n', `\n${indent}`))}\n` : ''}`
  await write(io.stdout, asJson ? `${JSON.stringify({ checks })}\n` : checks.map(line).join(''))
  return checks.some(({ state }) => state === 'fail') ? 1 : 0
}
