import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'

// Not `import … from 'node:http'`: that evaluates every export, among them one that loads a whole WebSocket implementation
// (25 ms, as long as all the rest of the runner's start).
export const http = process.getBuiltinModule('node:http')

type Client = {
  request(options: RequestOptions, onAnswer?: (answer: IncomingMessage) => void): ClientRequest
  Agent: new (options?: AgentOptions) => Agent
}

/** What speaks to an address. TLS is loaded where it is spoken. */
export const clientOf = (endpoint: string): Client =>
  endpoint.startsWith('https:') ? process.getBuiltinModule('node:https') : http

/** `unix:/path/to.sock`, `http://host:port` or `https://host`. */
export const endpointOptions = (endpoint: string): RequestOptions => {
  // `servername` is for TLS. Left out, the agent finds out by regular expression whether the host is an IPv6 address (3 ms).
  const noTls = { servername: '' }
  if (endpoint.startsWith('unix:')) return { socketPath: endpoint.slice('unix:'.length), host: 'localhost', ...noTls }
  const { protocol, hostname, port } = new URL(endpoint)
  return protocol === 'https:' ? { host: hostname, port } : { host: hostname, port, ...noTls }
}

/**
 * What proves to the control plane who calls: headers for exactly this request. `refused`: told the date of a refusal; answers words when
 * that explains it, and the next proof is another.
 */
export type Sign = ((request: {
  method: string
  url: string
  body?: Uint8Array | undefined
}) => Promise<Record<string, string>>) & {
  refused?: (date: string | undefined) => string | undefined
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export const readAnswer = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the control plane answered with more than 64 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
