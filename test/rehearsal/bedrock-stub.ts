import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { eventStreamChunk } from '../support/event-stream.ts'
import { type Ask, answerEvents, askOf, type MessagesRequest, type Reply } from '../support/messages-api-stub.ts'
import type { Control } from './control.ts'
import { listening } from './listening.ts'

type Invocation = { model: string; userArn: string; accessKey: string }

/**
 * Our model of Bedrock's runtime: whoever invokes a model is found out by their signature and must be allowed to by their policies, which
 * are the rehearsal's IAM's to say. What the model answers, `answer` says.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
 */
export const openBedrock = async (control: () => Control, answer: (ask: Ask) => Reply) => {
  const invoked: Invocation[] = []
  const refused: string[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const [rawPath = '/', rawQuery = ''] = (request.url ?? '/').split('?')
    const body = await buffer(request)
    const [, model = '', how = ''] = /^\/model\/([^/]+)\/(invoke|invoke-with-response-stream)$/.exec(rawPath) ?? []
    const say = (status: number, about: object, type = 'application/json') => {
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(about))
    }
    if (!how) return say(404, { message: `nothing is at ${rawPath}` })
    const id = decodeURIComponent(model)
    const kind = /^[a-z]+\.[a-z]+\./.test(id) ? 'us-east-1:123456789012:inference-profile' : 'us-east-1::foundation-model'
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const decided = await control().authorize({
      ...{ method: request.method ?? '', rawPath, rawQuery, headers },
      bodySha256: createHash('sha256').update(body).digest('hex'),
      action: how === 'invoke' ? 'bedrock:InvokeModel' : 'bedrock:InvokeModelWithResponseStream',
      resource: `arn:aws:bedrock:${kind}/${id}`,
    })
    if (!decided.allowed) {
      refused.push(`${decided.code}: ${decided.message}`)
      return say(403, { message: decided.message })
    }
    invoked.push({ model: id, userArn: decided.identity.userArn, accessKey: decided.identity.accessKey })
    const asked = JSON.parse(body.toString()) as MessagesRequest
    const reply = asked.tools?.length ? answer(askOf(asked, new AbortController().signal)) : { text: 'ok' }
    if (how === 'invoke') {
      const content = [{ type: 'text', text: reply.text ?? '' }]
      const usage = { input_tokens: 10, output_tokens: 5 }
      return say(200, { id: 'msg', type: 'message', role: 'assistant', model: id, content, stop_reason: 'end_turn', usage })
    }
    response.writeHead(200, {
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-bedrock-content-type': 'application/json',
    })
    for (const event of answerEvents(id, reply)) response.write(eventStreamChunk(event))
    response.end()
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      refused.push(String(error))
      response.destroy()
    })
  })
  const port = await listening(server)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    invoked,
    /** Why calls were refused, and what went wrong here. */
    refused,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
