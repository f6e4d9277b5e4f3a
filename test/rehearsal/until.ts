/** Asks until there is an answer, at most for `within` milliseconds. */
export const until = async <T>(what: string, ask: () => Promise<T | undefined>, within = 20_000): Promise<T> => {
  const deadline = Date.now() + within
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`not in ${within} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
