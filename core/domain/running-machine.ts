import type { Session } from '../contract/session.ts'

/** The machine that a session is on now. */
export const runningMachine = ({ attempts }: Session): string | undefined => {
  const attempt = attempts.at(-1)
  return attempt?.endedAt === undefined ? attempt?.machine : undefined
}
