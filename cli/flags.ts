export type FlagValue = string | number | boolean | string[]

/** Flags that were given, by name without dashes; values are checked and converted already. */
export class Flags {
  readonly #given: ReadonlyMap<string, FlagValue>
  constructor(given: ReadonlyMap<string, FlagValue>) {
    this.#given = given
  }
  entries(): Iterable<[string, FlagValue]> {
    return this.#given.entries()
  }
  has(name: string): boolean {
    return this.#given.has(name)
  }
  on(name: string): boolean {
    return this.#given.get(name) === true
  }
  text(name: string): string | undefined {
    const value = this.#given.get(name)
    return typeof value === 'string' ? value : undefined
  }
  number(name: string): number | undefined {
    const value = this.#given.get(name)
    return typeof value === 'number' ? value : undefined
  }
  all(name: string): readonly string[] {
    const value = this.#given.get(name)
    return Array.isArray(value) ? value : []
  }
}
