import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsV4Signer } from 'aws4fetch'

/** Of every instance. */
export const CREDENTIALS = {
  accessKeyId: 'ASIAREHEARSAL0000001',
  secretAccessKey: 'rehearsal/secret+access/key0000000000001',
  sessionToken: `IQoJb3JpZ2luX2Vj${'c2Vzc2lvbi10b2tlbi8r'.repeat(20)}==`,
}

export const assumeRole = async () => ({ ...CREDENTIALS, expiration: '2099-01-01T00:00:00Z' })

/** Signs what came once more, by another implementation. */
const isSigned = async (request: IncomingMessage, url: string, body: Buffer): Promise<boolean> => {
  const { authorization = '', 'x-amz-date': date } = request.headers
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const headers = Object.fromEntries(
    names.filter((name) => name !== 'host' && name !== 'x-amz-date').map((name) => [name, String(request.headers[name])]),
  )
  const { accessKeyId, secretAccessKey } = CREDENTIALS
  const signer = new AwsV4Signer({
    ...{ method: request.method ?? '', url, headers, body, accessKeyId, secretAccessKey },
    ...{ service: 'execute-api', region: 'us-east-1', datetime: String(date), allHeaders: true },
  })
  const again = (await signer.sign()).headers.get('authorization') ?? ''
  const signature = (text: string) => /Signature=([0-9a-f]{64})/.exec(text)?.[1]
  return signature(again) === signature(authorization)
}

export type Call = { method: string; path: string; body: string; signed: boolean; token: string | undefined }
export type Reply = { status: number; body: string | Uint8Array }

/** Stands for the API and the bucket, on one port of the loopback. */
export const openStubPlane = async (answer: (call: Call) => Reply | undefined) => {
  const calls: Call[] = []
  const waiting: (() => void)[] = []
  const serve = async (request: IncomingMessage): Promise<Reply> => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const url = `http://${request.headers.host}${request.url}`
    const token = request.headers['x-amz-security-token']
    const call = {
      ...{ method: request.method ?? '', path: request.url ?? '', body: body.toString(), token: token?.toString() },
      signed: request.headers.authorization !== undefined && (await isSigned(request, url, body)),
    }
    calls.push(call)
    for (const look of waiting) look()
    return answer(call) ?? { status: 404, body: '{}' }
  }
  const server = createServer((request, response) => {
    serve(request).then(
      ({ status, body }) => response.writeHead(status).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://localhost:${port}`,
    calls,
    /** The first call that is so, however late. */
    seen: (is: (call: Call) => boolean, seconds = 60): Promise<Call> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () =>
            reject(
              new Error(`no such call in ${seconds} s, only: ${calls.map(({ method, path }) => `${method} ${path}`).join(', ')}`),
            ),
          seconds * 1000,
        )
        const look = () => {
          const call = calls.find(is)
          if (!call) return
          clearTimeout(timer)
          resolve(call)
        }
        waiting.push(look)
        look()
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const USER_DATA = readFileSync(new URL('../../agent-bootstrap/boot/user-data.sh', import.meta.url), 'utf8')

/** As the deployed stack does it. */
export const userDataFor = (url: string): string =>
  Buffer.from(
    USER_DATA.replace('@API_URL@', url).replace('@SOCKET_URL@', url.replace('http', 'ws')).replace('@REGION@', 'us-east-1'),
  ).toString('base64')
