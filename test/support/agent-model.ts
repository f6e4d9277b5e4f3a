import { type Ask, type Reply, startMessagesApi } from './messages-api-stub.ts'

/** Dollars for a million tokens of the model that the scenarios use. */
export const PRICES = { model: 'claude-haiku-4-5', input: 1, output: 5 }
const USAGE = { input: 20_000, output: 1000 }

/** What the model is to do: `work` is the session's checkout. */
export type Script = (ask: Ask & { work: string }) => Reply | Promise<Reply>

export const writes = (file: string, content: string): Reply => ({
  text: `Writing ${file}.`,
  tools: [{ name: 'Write', input: { file_path: file, content } }],
})

/** Never answers; resolves when the agent does not wait any more. */
export const hangs = ({ gone }: Pick<Ask, 'gone'>): Promise<Reply> =>
  new Promise((resolve) => gone.addEventListener('abort', () => resolve({})))

/** The Messages API of one scenario, and what it charged: all of it, and the tokens of turns (side questions are no turn's). */
export const startModel = async (script: Script) => {
  const api = await startMessagesApi(async (ask) => {
    // The latest: a resumed agent remembers where it was before, and is told where it is now.
    const told = [...JSON.stringify(ask.request.messages).matchAll(/working directory: ([^\s"\\]+)/g)]
    const reply = await script({ ...ask, work: told.at(-1)?.[1] ?? '' })
    return { usage: USAGE, ...reply }
  })
  const sum = (bills: typeof api.bills) => ({
    inputTokens: bills.reduce((total, { input }) => total + input, 0),
    outputTokens: bills.reduce((total, { output }) => total + output, 0),
  })
  const billed = () => {
    const { inputTokens, outputTokens } = sum(api.bills)
    const costUsd = (inputTokens * PRICES.input + outputTokens * PRICES.output) / 1_000_000
    return { costUsd, turns: sum(api.bills.filter(({ ofTurn }) => ofTurn)) }
  }
  return { ...api, billed }
}
export type Model = Omit<Awaited<ReturnType<typeof startModel>>, 'env'>
