const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How long what is no longer needed is kept. What people made (workspaces, logs, memory of agents, records) is not removed at all. */
export const RETENTION = {
  /** Bundles: snapshots and results, and the checkout of a lost session, which may be the only copy of its work. */
  resultMs: 30 * DAY_MS,
  /** Kept results of `[setup]`, repository caches and clones of `--repo URL`, since they were last used. */
  cacheMs: 30 * DAY_MS,
  /** Half-written files of processes that were killed. */
  draftMs: DAY_MS,
  /** Newest commits of each repository whose bundles stay, so that the next dispatch sends little. */
  tips: 8,
  /** daemon.log and the one before it have so many bytes each, at most. */
  logBytes: 4 << 20,
  sweepMs: HOUR_MS,
} as const
