import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A file, or a directory of them. What is computed when asked may be absent. */
export type Metadata = { [name: string]: Metadata | string | (() => Answer | Promise<Answer>) }
type Answer = Metadata | string | undefined

const TOKEN = '/latest/api/token'
/** Older versions differ in what they have, not in where it is. */
const VERSION = /^\/(?:latest|\d{4}-\d\d-\d\d)(?<path>\/.*|$)/
const MAX_TTL_SECONDS = 21_600

const current = async (value: Metadata[string] | undefined): Promise<Answer> => (typeof value === 'function' ? value() : value)

/** A directory lists the names of what there is; those of directories end in a slash. */
const listing = async (directory: Metadata): Promise<string> => {
  const entries = Object.entries(directory).map(async ([name, value]) => ({ name, value: await current(value) }))
  return (await Promise.all(entries))
    .filter(({ value }) => value !== undefined)
    .map(({ name, value }) => (typeof value === 'object' ? `${name}/` : name))
    .sort()
    .join('\n')
}

const lookUp = async (root: Metadata, path: string): Promise<string | undefined> => {
  let at: Answer = root
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (typeof at !== 'object') return undefined
    at = await current(Object.hasOwn(at, name) ? at[name] : undefined)
  }
  return typeof at === 'object' ? listing(at) : at
}

/** Our model of the instance metadata service, version 2 only (`HttpTokens=required`), for one instance. */
export const createImds = (root: Metadata, clock: () => number = Date.now) => {
  const tokens = new Map<string, number>()

  const giveToken = (request: IncomingMessage, response: ServerResponse) => {
    const header = request.headers['x-aws-ec2-metadata-token-ttl-seconds']
    const ttl = Number(header)
    // A token is for the machine itself, not for those whom it serves as a proxy.
    if (request.headers['x-forwarded-for'] !== undefined) return response.writeHead(403).end()
    if (header === undefined || !Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) return response.writeHead(400).end()
    const token = randomBytes(42).toString('base64url')
    tokens.set(token, clock() + ttl * 1000)
    return response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': String(ttl) }).end(token)
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://imds')
    if (pathname === TOKEN) return request.method === 'PUT' ? giveToken(request, response) : response.writeHead(405).end()
    const token = request.headers['x-aws-ec2-metadata-token']
    if (typeof token !== 'string' || (tokens.get(token) ?? 0) <= clock()) return response.writeHead(401).end()
    if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405).end()
    const path = VERSION.exec(pathname)?.groups?.['path']
    const found = path === undefined ? undefined : await lookUp(root, decodeURIComponent(path))
    if (found === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': 'text/plain' }).end(found)
  }

  return createServer((request, response) => {
    request.resume()
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
}
