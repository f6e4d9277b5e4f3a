import { writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import {
  agent,
  methods,
  ndJsonStream,
  type PromptResponse,
  type RequestPermissionResponse,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'

/** An ACP agent that shows everything an agent can show: thoughts, a plan, a tool call with a diff, a question, an escape sequence. */
const text = (said: string) => ({ type: 'text' as const, text: said })

const app = agent({ name: 'talking' })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: 1, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, () => ({ sessionId: 'talk-1' }))
  .onNotification(methods.agent.session.cancel, () => undefined)
  .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }): Promise<PromptResponse> => {
    const tell = (update: SessionUpdate) => client.notify(methods.client.session.update, { sessionId, update })
    const [first] = prompt
    if (first?.type === 'text' && first.text.startsWith('again')) {
      await tell({ sessionUpdate: 'agent_message_chunk', content: text(`heard: ${first.text}\n`) })
      return { stopReason: 'end_turn' }
    }
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
