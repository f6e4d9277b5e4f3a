import { RemoteError } from '../core/contract/remote-error.ts'
import { askLine } from './ask.ts'
import type { Io } from './io.ts'

/** `what`: what would be done, as a sentence's beginning. `verb`: the command that does it. */
export type Confirming = { question: string; what: string; declined: string; verb: string; isSure: boolean }

/** Goes on after a yes on the terminal, or with `--yes`; throws `refused` otherwise, also where nobody is there to ask. */
export const confirm = async (io: Io, { question, what, declined, verb, isSure }: Confirming): Promise<void> => {
  if (isSure) return
  if (io.stdin.isTTY !== true) {
    throw new RemoteError('refused', `${what}, and nobody is here to ask`, { hint: `if you mean it: ${verb} --yes` })
  }
  const answer = (await askLine(io, `${question} [y/N] `)).trim().toLowerCase()
  if (answer === 'y' || answer === 'yes') return
  throw new RemoteError('refused', declined, { hint: `again: ${verb}` })
}
