import type { Ports } from '../ports/ports.ts'

/** Newest first. Without `all`, those that have not ended. */
export const listSessions =
  ({ sessions }: Pick<Ports, 'sessions'>) =>
  async ({ all, limit, cursor }: { all: boolean; limit: number; cursor?: string | undefined }) =>
    sessions.list({ active: !all, limit, cursor })
