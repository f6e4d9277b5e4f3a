/**
 * The one plan every session walks, as data: the local driver waits by it, the state machine is generated from it.
 * `call` steps run an effect, `callback` steps wait for facts from outside. `retries` counts further tries of a failed call;
 * `release` goes on after them at its slowest pace, because an end must not be claimed while something may still run.
 */
export const PLAN = {
  place: { how: 'call', states: ['queued', 'placing'], next: 'launch', seconds: 30, retries: 2 },
  launch: { how: 'call', states: ['launching'], next: 'boot', seconds: 300, retries: 3 },
  boot: { how: 'callback', states: ['booting'], next: 'run', seconds: 60 },
  run: { how: 'callback', states: ['running'], next: 'release', seconds: 'ttl', heartbeatSeconds: 75 },
  release: { how: 'call', states: ['releasing'], next: 'again', seconds: 300, retries: 8 },
  again: { how: 'choice', states: ['releasing'], next: ['place', 'end'] },
} as const

/** The runner enforces each end itself; the control plane does when that has not worked so many seconds later. */
export const GRACE_SECONDS = { ttl: 30, idle: 60, graceful: 60, now: 15 } as const

/** What can be due for a session: the calls of the plan, the deadlines of its waits, and asking compute after a silence. */
export type StepName = 'place' | 'launch' | 'boot' | 'find' | 'stop' | 'ttl' | 'idle' | 'release'

/** How long a launch waits for its turn when others are asked for first; then the session is refused. */
export const LONGEST_TURN_SECONDS = 6 * 3600

export const FIRST_RETRY_SECONDS = 1
export const SLOWEST_RETRY_SECONDS = 60
