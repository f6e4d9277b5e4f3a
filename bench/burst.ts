import { LIMITS } from './burst/limits.ts'
import { simulate } from './burst/simulate.ts'
import type { Figure, Row } from './figure.ts'

const SESSIONS = 10_000
const CRASH_SHARE = 0.02

/** When the last machine of so many can have been asked for at the earliest: the bucket, then as it fills. */
const optimum = (perSecond: number) => {
  const calls = (SESSIONS - LIMITS.launchCalls.size) / perSecond
  return Math.max(calls, (SESSIONS - LIMITS.launchedMachines.size) / LIMITS.launchedMachines.perSecond)
}

const none = (what: string, count: number, ours: string): Row => ({
  what,
  ours,
  base: '',
  measured: String(count),
  goal: '0',
  reached: count === 0,
})

const WHY =
  'launches are asked for a little slower than EC2 allows, so that repeated ones find room; the rest is the last ones coming back late'

const took = (
  what: string,
  { launchSeconds, calls, throttled, transitions }: Awaited<ReturnType<typeof simulate>>,
  best: number,
): Row => ({
  what,
  ours: `${Math.round(launchSeconds)} s, ${calls} calls of EC2 (${throttled} throttled), ${transitions.toFixed(1)} transitions a session`,
  base: `an optimum of ${Math.round(best)} s`,
  measured: `${(launchSeconds / best).toFixed(3)} ×`,
  goal: '≤ 1.05 ×',
  reached: launchSeconds / best <= 1.05,
  why: WHY,
})

/** 10,000 people dispatch at the same moment: the product's own code against AWS's documented limits, in virtual time. */
export const burst: Figure = {
  name: 'burst',
  seconds: 120,
  run: async () => {
    const { perSecond } = LIMITS.launchCalls
    const full = await simulate({ sessions: SESSIONS, launchesPerSecond: perSecond, crashShare: CRASH_SHARE, seed: 1 })
    const half = await simulate({ sessions: SESSIONS, launchesPerSecond: perSecond / 2, crashShare: CRASH_SHARE, seed: 2 })
    const unserved = [full, half].map(({ givenUp, refused, launched }) => Math.max(givenUp + refused, SESSIONS - launched))
    const visible = unserved.reduce((sum, one) => sum + one, 0)
    return [
      none(
        'burst of 10,000: throttles anybody sees',
        visible,
        `${full.launched} launched, ${full.ended} ended, ${full.left} left running`,
      ),
      took('burst of 10,000: until the last launch', full, optimum(perSecond)),
      took('the same where EC2 allows half of that', half, optimum(perSecond / 2)),
      none(
        'burst of 10,000: machines bought twice',
        full.duplicates + half.duplicates,
        `${full.crashed} functions died at a launch`,
      ),
      none('burst of 10,000: Describe calls to launch', full.described + half.described, 'all calls but those of release'),
    ]
  },
}
