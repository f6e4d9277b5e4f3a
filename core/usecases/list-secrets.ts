import type { Ports } from '../ports/ports.ts'

/** Names and when they were set. Values never come back. */
export const listSecrets =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async () => ({ secrets: await secrets.list() })
