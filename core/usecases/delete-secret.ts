import { RemoteError } from '../contract/errors.ts'
import type { Ports } from '../ports/ports.ts'

export const deleteSecret =
  ({ secrets }: Pick<Ports, 'secrets'>) =>
  async (name: string): Promise<void> => {
    if (await secrets.delete(name)) return
    throw new RemoteError('not_found', `there is no secret named ${name}`, { hint: 'list them: remote secrets list' })
  }
