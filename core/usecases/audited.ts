import type { AuditEntry } from '../contract/audit.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Ports } from '../ports/ports.ts'

type Asked = Pick<AuditEntry, 'by' | 'what' | 'on' | 'detail'>

const DONE = 'done'

/**
 * Does what somebody asks for and records it: before anything is changed, so that nothing ever is without a record, and then how it ended.
 * `endOf`: another word than `done` for an answer.
 */
export const audited =
  ({ audit, ids, clock }: Pick<Ports, 'audit' | 'ids' | 'clock'>) =>
  async <T>(asked: Asked, work: () => Promise<T>, endOf: (answer: T) => string = () => DONE): Promise<T> => {
    const now = () => new Date(clock.now()).toISOString()
    const at = now()
    const id = `${at}#${ids.session()}`
    await audit.add({ id, at, ...asked })
    // What was done is not undone, and what was refused not explained, by a record that cannot be written: it stays without an end.
    const end = (code: string) => audit.end(id, { at: now(), code }).catch(() => undefined)
    try {
      const answer = await work()
      await end(endOf(answer))
      return answer
    } catch (error) {
      await end(error instanceof RemoteError ? error.code : 'bug')
      throw error
    }
  }
