import type { Session } from '../../core/contract/session.ts'

let count = 0
/** A valid record with an id of its own. */
export const sampleSession = (more: Partial<Session> = {}): Session => {
  count += 1
  const at = '2026-11-21T08:00:00.000Z'
  return {
    id: `s-${String(count).padStart(10, '0')}`,
    title: 'echo hi',
    request: { task: 'echo hi', runtime: 'local', agent: 'shell', secrets: [], env: {}, interactive: false, spot: false },
    by: 'ada',
    createdAt: at,
    state: 'queued',
    stateSince: at,
    version: 1,
    attempts: [],
    retriesLeft: 0,
    inboxLast: 0,
    inboxHandled: 0,
    usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    cost: { computeUsd: 0, volumeUsd: 0, addressUsd: 0, controlPlaneUsd: 0, agentUsd: 0, totalUsd: 0 },
    ...more,
  }
}
