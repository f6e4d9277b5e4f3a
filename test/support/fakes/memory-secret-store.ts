import { RemoteError } from '../../../core/contract/remote-error.ts'
import type { Secret } from '../../../core/contract/secret.ts'
import { needsCommand } from '../../../core/domain/needs-command.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { SecretStore } from '../../../core/ports/secret-store.ts'

export class MemorySecretStore implements SecretStore {
  readonly #secrets = new Map<string, Secret & { value: string }>()
  readonly #kept = new Map<string, Record<string, string>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sessions for which values are kept: none may be left when all have ended. */
  get keepers() {
    return [...this.#kept.keys()]
  }

  async setCommand(name: string, command: string) {
    const shown = { name, setAt: new Date(this.#clock.now()).toISOString(), bytes: 0, command }
    this.#secrets.set(name, { ...shown, value: '' })
    return shown
  }
  async set(name: string, value: string) {
    const shown = { name, setAt: new Date(this.#clock.now()).toISOString(), bytes: new TextEncoder().encode(value).length }
    this.#secrets.set(name, { ...shown, value })
    return shown
  }
  async list() {
    return [...this.#secrets.values()].map(({ value: _, ...shown }) => shown).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  async delete(name: string) {
    return this.#secrets.delete(name)
  }
  async values(names: readonly string[]) {
    return Object.fromEntries(
      names.map((name) => {
        const secret = this.#secrets.get(name)
        if (secret?.command !== undefined) throw needsCommand(name)
        if (secret) return [name, secret.value]
        throw new RemoteError('refused', `there is no secret named ${name}`, { hint: `set it: remote secrets set ${name}` })
      }),
    )
  }
  async keep(session: string, values: Record<string, string>) {
    this.#kept.set(session, { ...this.#kept.get(session), ...values })
  }
  async kept(session: string) {
    return { ...this.#kept.get(session) }
  }
  async forget(session: string) {
    this.#kept.delete(session)
  }
}
