import type { Outcome, Result } from '../core/contract/outcome.ts'
import type { Beat, DoneAnswer } from '../core/contract/runner.ts'
import type { ControlPlane } from './control-plane-client.ts'
import type { EventLog } from './event-log.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { LiveNotices } from './live-notices.ts'
import type { Reserve } from './reserve.ts'
import type { Sealer } from './sealer.ts'
import type { Spool } from './spool.ts'

export type FinishOptions = {
  plane: Pick<ControlPlane, 'done' | 'leaving'>
  spool: Spool
  log: EventLog
  live: LiveNotices
  sealer: Sealer
  reserve: Reserve
  heartbeat: Heartbeat
  report(): Omit<Beat, 'inboxHandled'>
}

/** How it ends for this machine. */
export type Finish = {
  outcome: Outcome
  result: Result | undefined
  /** The control plane does not want to hear of it. */
  fenced: boolean
  /** The machine is taken away. */
  leaving: boolean
  /** Where the agent's memory is, if it does not stay with this machine. */
  agentFiles: string | undefined
}

const LEAVING_SEAL_MS = 10_000
const MAX_WHY_CHARACTERS = 500

/**
 * Writes the last event, seals the log, and tells the control plane unless it does not want to hear. Answers what that leaves to be done.
 */
export const finishSession = async (
  options: FinishOptions,
  { outcome, result, fenced, leaving, agentFiles }: Finish,
): Promise<DoneAnswer | undefined> => {
  const { plane, spool, log, live, sealer, reserve, heartbeat, report } = options
  await reserve.release()
  spool.reopen() // after a full disk the little that is left to say fits now
  log.flush()
  if (result && result.commit !== result.base) await log.emit({ type: 'git', commit: result.commit, files: result.files })
  if (leaving) await log.emit({ type: 'notice', level: 'warn', text: `This machine is left: ${outcome.reason}.` })
  else await log.emit({ type: 'end', ...outcome })
  const lastSeq = await spool.close()
  live.close()
  const { position: _, flags: __, ...facts } = report()
  heartbeat.stop()
  if (fenced) return undefined
  await sealer.final(lastSeq, leaving ? LEAVING_SEAL_MS : undefined)
  const told = { ...facts, ...(result && { result }), agentFiles, lastSeq, inboxHandled: heartbeat.acknowledged() }
  if (!leaving) return plane.done({ ...told, outcome })
  await plane.leaving({ ...told, why: outcome.reason.slice(0, MAX_WHY_CHARACTERS) })
  return undefined
}
