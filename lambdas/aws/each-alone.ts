/** Does it for each, whatever becomes of the others. Answers the answers; what failed is logged and its name added to `failed`. */
export const eachAlone = async <T, A>(
  items: readonly T[],
  failed: string[],
  nameOf: (item: T) => string,
  act: (item: T) => Promise<A>,
): Promise<A[]> => {
  const answers: A[] = []
  for (const item of items) {
    try {
      answers.push(await act(item))
    } catch (error) {
      console.error(nameOf(item), error)
      failed.push(nameOf(item))
    }
  }
  return answers
}
