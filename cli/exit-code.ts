import type { Outcome } from '../core/contract/outcome.ts'

const BY_OUTCOME: Record<Outcome['outcome'], number> = {
  succeeded: 0,
  failed: 1,
  over_budget: 121,
  lost: 122,
  refused: 123,
  expired: 124,
  terminated: 130,
}

export const DETACHED_EXIT = 130

const signalNumber = (name: string): number => {
  const { constants } = process.getBuiltinModule('node:os')
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1] ?? 0
}

/** Of a session's end: a shell command's own code (128 + n for a signal), else one per outcome. */
export const exitCodeOf = ({ outcome, exitCode, signal }: Outcome): number => {
  if (outcome !== 'failed') return BY_OUTCOME[outcome]
  if (exitCode !== undefined && exitCode !== 0) return exitCode
  return signal === undefined ? BY_OUTCOME.failed : 128 + signalNumber(signal)
}
