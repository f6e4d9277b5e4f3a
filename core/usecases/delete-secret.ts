import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'
import { audited } from './audited.ts'

export const deleteSecret =
  (ports: Pick<Ports, 'secrets' | 'audit' | 'ids' | 'clock'>) =>
  async (name: string, by: string): Promise<void> => {
    await audited(ports)({ by, what: 'secret delete', on: `secret ${name}` }, async () => {
      if (await ports.secrets.delete(name)) return
      throw new RemoteError('not_found', `there is no secret named ${name}`, { hint: 'list them: remote secrets list' })
    })
  }
