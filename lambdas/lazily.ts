/** The same for everybody, opened when the first one asks. An opening that failed is tried again. */
export const oneOf = <T>(open: () => Promise<T>): (() => Promise<T>) => {
  let opened: Promise<T> | undefined
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}

type Calls = { [name: string | symbol]: (...args: never[]) => Promise<unknown> }

/** What answers by promises, opened with its first call: code that a call does not need would only make its function start later. */
export const lazily = <Port extends { [Name in keyof Port]: (...args: never[]) => Promise<unknown> }>(
  open: () => Promise<Port>,
): Port => {
  const port = oneOf(open)
  const calls: Calls = {}
  const get = (_: object, name: string | symbol) => {
    // A promise asks whatever it is resolved with whether it is one, too.
    if (name === 'then') return undefined
    calls[name] ??= async (...args) => {
      const methods: Calls = await port()
      return methods[name]?.(...args)
    }
    return calls[name]
  }
  return new Proxy({}, { get }) as Port
}
