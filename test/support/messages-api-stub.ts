import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Block = { type: string; text?: string; content?: unknown; tool_use_id?: string }
type Message = { role: 'user' | 'assistant'; content: string | Block[] }
export type MessagesRequest = { model: string; system?: unknown; messages: Message[]; tools?: { name: string }[] }

/** What the agent asks now, taken out of the request. */
export type Ask = {
  /** The user's last words, without what the agent's program adds around them. */
  prompt: string
  /** Results of the tools called since those words, oldest first. */
  results: string[]
  /** Everything the user said so far. */
  said: string[]
  request: MessagesRequest
  /** Aborted when the agent no longer waits for the answer. */
  gone: AbortSignal
}
export type Reply = {
  text?: string
  tools?: { name: string; input: Record<string, unknown> }[]
  usage?: { input: number; output: number }
  stop?: 'end_turn' | 'max_tokens' | 'refusal'
  /** An error answer of the API instead. */
  status?: number
}

const blocks = (message: Message): Block[] =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
const textOf = (content: unknown): string =>
  typeof content === 'string' ? content : Array.isArray(content) ? content.map((block: Block) => block.text ?? '').join('') : ''
const spoken = (message: Message): string =>
  blocks(message)
    .filter(({ type, text }) => type === 'text' && !text?.trimStart().startsWith('<system-reminder>'))
    .map(({ text }) => text ?? '')
    .join('\n')
    .trim()

/** What is asked, taken out of a request of the agent. */
export const askOf = (request: MessagesRequest, gone: AbortSignal): Ask => {
  const users = request.messages.filter(({ role }) => role === 'user')
  const last = users.findLastIndex((message) => spoken(message) !== '')
  const results = users
    .slice(Math.max(0, last))
    .flatMap(blocks)
    .filter(({ type }) => type === 'tool_result')
    .map(({ content }) => textOf(content))
  const said = users.map(spoken).filter((text) => text !== '')
  return { prompt: said.at(-1) ?? '', results, said, request, gone }
}

export const SMALL_USAGE = { input: 10, output: 5 }
let made = 0
/** The answer as the API streams it. */
export const answerEvents = (model: string, reply: Reply): { type: string; [field: string]: unknown }[] => {
  const usage = reply.usage ?? SMALL_USAGE
  const message = {
    ...{ id: `msg_${made++}`, type: 'message', role: 'assistant', model, content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: usage.input, output_tokens: 1 } },
  }
  const parts = [
    ...(reply.text === undefined
      ? []
      : [{ content_block: { type: 'text', text: '' }, delta: { type: 'text_delta', text: reply.text } }]),
    ...(reply.tools ?? []).map(({ name, input }) => ({
      content_block: { type: 'tool_use', id: `toolu_${made++}`, name, input: {} },
      delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    })),
  ]
  const stop_reason = reply.tools?.length ? 'tool_use' : (reply.stop ?? 'end_turn')
  return [
    { type: 'message_start', message },
    ...parts.flatMap(({ content_block, delta }, index) => [
      { type: 'content_block_start', index, content_block },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: usage.output } },
    { type: 'message_stop' },
  ]
}

const stream = (response: ServerResponse, model: string, reply: Reply) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${made}` })
  for (const event of answerEvents(model, reply)) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  response.end()
}

const answerJson = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/**
 * The Messages API on loopback, as far as Claude Code uses it: streamed answers, decided by `answer`. Requests without tools
 * (titles, summaries of the agent's own) are answered `ok` without asking. `answer` may take its time: that is a slow model.
 */
export const startMessagesApi = async (answer: (ask: Ask) => Reply | Promise<Reply>) => {
  const asks: Ask[] = []
  const problems: unknown[] = []
  /** Usage of every answer given, the agent's own side questions too. */
  const bills: { input: number; output: number; ofTurn: boolean }[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (request.method !== 'POST') return answerJson(response, 200, { data: [], has_more: false })
    const body = (await json(request)) as MessagesRequest
    if (path.endsWith('/count_tokens')) return answerJson(response, 200, { input_tokens: 10 })
    if (path !== '/v1/messages') return answerJson(response, 200, {})
    if (!body.tools?.length) {
      bills.push({ ...SMALL_USAGE, ofTurn: false })
      return stream(response, body.model, { text: 'ok' })
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const ask = askOf(body, gone.signal)
    asks.push(ask)
    const reply = await answer(ask)
    if (gone.signal.aborted) return
    if (reply.status !== undefined)
      return answerJson(response, reply.status, { type: 'error', error: { type: 'api_error', message: reply.text ?? 'stub' } })
    bills.push({ ...(reply.usage ?? SMALL_USAGE), ofTurn: true })
    stream(response, body.model, reply)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      problems.push(error)
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asks,
    bills,
    problems,
    /** What an agent needs to talk to it. */
    env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'sk-ant-stub-0123456789' },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
