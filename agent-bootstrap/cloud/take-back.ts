import type { InstanceMetadata } from './instance-metadata.ts'

const POLL_MS = 5000
/** What a machine needs to leave: a checkpoint takes at most 30 s. */
const LEAVE_MS = 40_000

/** EC2 takes the machine back at a time, or says that it may do so soon. */
export type TakeBack = { kind: 'spot'; action: string; at: number } | { kind: 'rebalance' }

/**
 * When to leave; undefined: not for this. An agent that goes on elsewhere leaves at once. What would only be lost elsewhere goes on here
 * for as long as it can, and is not given up for a mere warning.
 */
export const leaveTime = (notice: TakeBack, goesOnElsewhere: boolean, now: number): number | undefined => {
  if (goesOnElsewhere) return now
  return notice.kind === 'spot' ? Math.max(now, notice.at - LEAVE_MS) : undefined
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Tells of each kind of notice once. A service that does not answer is asked again. */
export const watchTakeBack = (metadata: Pick<InstanceMetadata, 'get'>, tell: (notice: TakeBack) => void, everyMs = POLL_MS) => {
  const told = new Set<TakeBack['kind']>()
  let timer: NodeJS.Timeout
  let closed = false

  const look = async () => {
    const spot = told.has('spot') ? undefined : await metadata.get('meta-data/spot/instance-action')
    const rebalance = told.has('rebalance') ? undefined : await metadata.get('meta-data/events/recommendations/rebalance')
    if (closed) return
    if (spot !== undefined) {
      told.add('spot')
      const { action, time } = parsed(spot)
      tell({ kind: 'spot', action: String(action), at: Date.parse(String(time)) || Date.now() })
    }
    if (rebalance !== undefined) {
      told.add('rebalance')
      tell({ kind: 'rebalance' })
    }
  }
  const again = () => {
    if (!closed) timer = setTimeout(() => void look().then(again, again), everyMs)
  }
  again()
  return () => {
    closed = true
    clearTimeout(timer)
  }
}
