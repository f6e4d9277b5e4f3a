import type { Audit } from '../contract/audit.ts'
import type { Ports } from '../ports/ports.ts'

export const getAudit =
  ({ audit, clock }: Pick<Ports, 'audit' | 'clock'>) =>
  async ({ sinceSeconds, ...want }: { sinceSeconds: number; limit: number; cursor?: string | undefined }): Promise<Audit> =>
    audit.list({ ...want, since: new Date(Math.max(0, clock.now() - sinceSeconds * 1000)).toISOString() })
