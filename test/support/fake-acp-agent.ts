import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { agent, methods, ndJsonStream, type PromptResponse, RequestError, type SessionUpdate } from '@agentclientprotocol/sdk'

/**
 * An ACP agent of the test's own, for what the real ones cannot be made to do. It remembers prompts in the file named by
 * FAKE_MEMORY, knows `session/load` alone (FAKE_RESUME=1: `session/resume` too), names its session as FAKE_SESSION says, and does
 * what a prompt says.
 */
const memory = process.env['FAKE_MEMORY'] ?? '/dev/null'
const remembered = () => (existsSync(memory) ? readFileSync(memory, 'utf8').split('\n').filter(Boolean) : [])

const say = (text: string): SessionUpdate => ({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
const costs = (amount: number): SessionUpdate => ({
  sessionUpdate: 'usage_update',
  used: 1,
  size: 10,
  cost: { amount, currency: 'USD' },
})

const app = agent({ name: 'fake' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: 1,
    agentCapabilities: { loadSession: true, ...(process.env['FAKE_RESUME'] && { sessionCapabilities: { resume: {} } }) },
  }))
  .onRequest(methods.agent.session.new, () => {
    if (process.env['FAKE_AUTH']) throw RequestError.authRequired()
    return { sessionId: process.env['FAKE_SESSION'] ?? 'fake-1' }
  })
  .onRequest(methods.agent.session.resume, () => {
    throw RequestError.resourceNotFound('fake-1')
  })
  .onRequest(methods.agent.session.load, async ({ params, client }) => {
    if (params.sessionId !== 'fake-1') throw RequestError.resourceNotFound(params.sessionId)
    for (const text of remembered())
      await client.notify(methods.client.session.update, { sessionId: 'fake-1', update: say(`replayed ${text}`) })
    return {}
  })
  .onNotification(methods.agent.session.cancel, () => undefined)
  .onRequest(methods.agent.session.prompt, async ({ params, client }): Promise<PromptResponse> => {
    const tell = (update: SessionUpdate) => client.notify(methods.client.session.update, { sessionId: params.sessionId, update })
    const [first] = params.prompt
    const text = first?.type === 'text' ? first.text : ''
    const before = remembered()
    appendFileSync(memory, `${text.replaceAll('\n', ' ')}\n`)
    const [verb, argument = ''] = text.split(' ')
    if (verb === 'crash' || verb === 'crash-again') {
      process.stderr.write('out of cheese\n')
      process.exit(3)
    }
    if (before.at(-1)?.startsWith('crash-again')) process.exit(4)
    if (verb === 'stop') return { stopReason: argument as PromptResponse['stopReason'] }
    if (verb === 'fail') throw new RequestError(-32_603, 'the model is on strike')
    if (verb === 'cost') await tell(costs(Number(argument)))
    if (verb === 'write') writeFileSync(argument, text)
    if (verb === 'flood') for (let i = 0; i < Number(argument); i++) await tell(say(`${i} `))
    if (verb === 'plan')
      await tell({ sessionUpdate: 'plan', entries: [{ content: 'think', status: 'in_progress', priority: 'high' }] })
    if (verb === 'say') await tell(say(`before: ${before.join(', ')}`))
    return { stopReason: 'end_turn' }
  })

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>))
process.stdin.on('end', () => process.exit(0))
