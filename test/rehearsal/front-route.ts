import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ApiDescription, ApiRoute, Authorized, Control } from './control.ts'

/** A request as it came, before anything was decided about it. */
export type Incoming = { method: string; rawPath: string; rawQuery: string; headers: Record<string, string>; body: Buffer }

export const incoming = (request: IncomingMessage, body: Buffer): Incoming => {
  const [rawPath = '/', rawQuery = ''] = (request.url ?? '/').split('?', 2)
  // Several headers of one name are one, joined by commas.
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')]))
  return { method: request.method ?? 'GET', rawPath, rawQuery, headers, body }
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html (the most specific route wins) */
export const findRoute = (api: ApiDescription, method: string, path: string) => {
  const found = api.routes.flatMap((route) => {
    const parameters = matchRoute(route.key, method, path)
    return parameters ? [{ route, parameters, rank: rankOf(route.key) }] : []
  })
  return found.sort((a, b) => b.rank - a.rank)[0]
}

const rankOf = (key: string): number => {
  if (key === '$default') return -1
  const [method = '', path = ''] = key.split(' ')
  const greedy = path.includes('+}') ? 0 : 1000
  return greedy + path.split('/').filter((part) => !part.startsWith('{')).length * 10 + (method === 'ANY' ? 0 : 1)
}

const matchRoute = (key: string, method: string, path: string): Record<string, string> | undefined => {
  if (key === '$default') return {}
  const [wanted, pattern = ''] = key.split(' ')
  if (wanted !== 'ANY' && wanted !== method) return undefined
  const names: string[] = []
  const source = pattern
    .split('/')
    .map((part) => {
      const variable = /^\{(\w+)(\+)?\}$/.exec(part)
      if (!variable) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      names.push(variable[1] ?? '')
      return variable[2] ? '(.+)' : '([^/]+)'
    })
    .join('/')
  const found = new RegExp(`^${source}$`).exec(path)
  return found ? Object.fromEntries(names.map((name, n) => [name, decodeURIComponent(found[n + 1] ?? '')])) : undefined
}

/** `arn:aws:apigateway:…:path/2015-03-31/functions/<function ARN>/invocations` */
export const functionOf = (route: ApiRoute): string => {
  const found = /functions\/(arn:[^/]+)\/invocations$/.exec(route.uri ?? '')
  return found?.[1] ?? route.uri ?? ''
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-using-iam-policies-to-invoke-api.html */
export const authorize = (
  control: Control,
  api: ApiDescription,
  request: Incoming,
  stage: string,
  what: string,
): Promise<Authorized> =>
  control.authorize({
    method: request.method,
    rawPath: request.rawPath,
    rawQuery: request.rawQuery,
    headers: request.headers,
    bodySha256: createHash('sha256').update(request.body).digest('hex'),
    action: what.includes('@connections') ? 'execute-api:ManageConnections' : 'execute-api:Invoke',
    resource: `arn:aws:execute-api:${api.region}:${api.account}:${api.id}/${stage}/${what}`,
  })
