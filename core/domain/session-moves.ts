import type { SessionState } from '../contract/session.ts'

const MOVES: Record<SessionState, readonly SessionState[]> = {
  queued: ['placing', 'launching', 'releasing'],
  placing: ['launching', 'releasing'],
  // A quick runner says hello before the launch has been recorded.
  launching: ['booting', 'running', 'releasing'],
  booting: ['running', 'releasing'],
  running: ['releasing'],
  releasing: ['placing', 'ended'],
  ended: [],
}

export const canMove = (from: SessionState, to: SessionState) => MOVES[from].includes(to)
