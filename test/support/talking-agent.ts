import { appendFileSync, writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import {
  agent,
  methods,
  ndJsonStream,
  type PromptResponse,
  RequestError,
  type RequestPermissionResponse,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'

/** An ACP agent that shows everything an agent can show: thoughts, a plan, a tool call with a diff, a question, an escape sequence. */
const text = (said: string) => ({ type: 'text' as const, text: said })

type Tell = (update: SessionUpdate) => Promise<void>
const PAUSE_MS = 50
const stopped = new AbortController()

/** What it does instead when its prompt begins with that word; the rest of its line is handed on. */
const SPECIALS: Record<string, (tell: Tell, rest: string, line: string) => Promise<PromptResponse>> = {
  again: async (tell, _, line) => {
    await tell({ sessionUpdate: 'agent_message_chunk', content: text(`heard: ${line}\n`) })
    return { stopReason: 'end_turn' }
  },
  /** Says so in every way there is. */
  tell: async (tell, rest) => {
    await tell({ sessionUpdate: 'agent_thought_chunk', content: text(rest) })
    await tell({ sessionUpdate: 'plan', entries: [{ content: rest, status: 'pending', priority: 'high' }] })
    const call = { toolCallId: 't2', kind: 'execute' as const, rawInput: { command: rest }, locations: [{ path: rest }] }
    await tell({ sessionUpdate: 'tool_call', ...call, title: `Run ${rest}`, status: 'in_progress' })
    const content = [{ type: 'content' as const, content: text(rest) }]
    await tell({ sessionUpdate: 'tool_call_update', toolCallId: 't2', status: 'completed', content, rawOutput: { said: rest } })
    for (const character of rest) await tell({ sessionUpdate: 'agent_message_chunk', content: text(character) })
    throw new RequestError(-32_603, `it failed over ${rest}`, { details: rest })
  },
  crash: async () => {
    writeFileSync('half.txt', 'half\n')
    process.exit(3)
  },
  /** `spend 0.02 …`: as much again and again, until it is stopped. */
  spend: async (tell, rest) => {
    const each = Number.parseFloat(rest)
    for (let spent = each; !stopped.signal.aborted; spent += each) {
      appendFileSync('spent.txt', `${spent.toFixed(2)}\n`)
      await tell({ sessionUpdate: 'usage_update', used: 1, size: 2, cost: { amount: spent, currency: 'USD' } })
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    return { stopReason: 'cancelled' }
  },
}

const app = agent({ name: 'talking' })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: 1, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, () => ({ sessionId: 'talk-1' }))
  .onNotification(methods.agent.session.cancel, () => stopped.abort())
  .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }): Promise<PromptResponse> => {
    const tell = (update: SessionUpdate) => client.notify(methods.client.session.update, { sessionId, update })
    const [first] = prompt
    const [line = '', word = '', rest = ''] = /^(\w+) ?([^\n]*)/.exec(first?.type === 'text' ? first.text : '') ?? []
    const special = Object.hasOwn(SPECIALS, word) ? SPECIALS[word] : undefined
    if (special) return special(tell, rest, line)
    await tell({ sessionUpdate: 'agent_thought_chunk', content: text('let me think') })
    const entries = [
      { content: 'read', status: 'completed' as const, priority: 'high' as const },
      { content: 'write', status: 'pending' as const, priority: 'high' as const },
    ]
    await tell({ sessionUpdate: 'plan', entries })
    await tell({ sessionUpdate: 'tool_call', toolCallId: 't1', title: 'Edit note.txt', kind: 'edit', status: 'in_progress' })
    const options = [
      { optionId: 'yes', name: 'Allow', kind: 'allow_once' as const },
      { optionId: 'no', name: 'Reject', kind: 'reject_once' as const },
    ]
    const asked: RequestPermissionResponse = await client.request(methods.client.session.requestPermission, {
      sessionId,
      toolCall: { toolCallId: 't1', title: 'Edit note.txt' },
      options,
    })
    const isAllowed = asked.outcome.outcome === 'selected' && asked.outcome.optionId === 'yes'
    if (isAllowed) writeFileSync('note.txt', 'new line\n')
    const content = [{ type: 'diff' as const, path: 'note.txt', oldText: 'old line\n', newText: 'new line\n' }]
    await tell({ sessionUpdate: 'tool_call_update', toolCallId: 't1', status: isAllowed ? 'completed' : 'failed', content })
    await tell({
      sessionUpdate: 'agent_message_chunk',
      content: text(isAllowed ? 'Written.\u001b]0;owned\u0007' : 'Not written.'),
    })
    return { stopReason: 'end_turn' }
  })

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>))
process.stdin.on('end', () => process.exit(0))
