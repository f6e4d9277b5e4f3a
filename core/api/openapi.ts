import * as z from 'zod'
import { ErrorBody } from '../contract/error-body.ts'
import { ROUTES, type RouteDoc } from './route-table.ts'

type Json = Record<string, unknown>

const BYTES = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }

/** Request shapes as they may be sent (defaults left out), answers as they come. */
const shapes = (io: 'input' | 'output') => {
  const seen = new Map<z.ZodType, Json>()
  return (schema: z.ZodType): Json => {
    const known = seen.get(schema)
    if (known) return known
    const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
    seen.set(schema, json)
    return json
  }
}

const nameOf = (route: string) =>
  route.replace('/v1/', '').replace(/[^A-Za-z0-9]+(.)?/g, (_all, next: string | undefined) => (next ?? '').toUpperCase())

const content = (of: RouteDoc['answer'], shape: (schema: z.ZodType) => Json) =>
  of === 'bytes' ? BYTES : { 'application/json': { schema: of ? shape(of) : { type: 'object' } } }

const parameters = ({ route, query, headers }: RouteDoc, shape: (schema: z.ZodType) => Json): Json[] => [
  ...[...route.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: 'query', schema: shape(schema as z.ZodType) })),
  ...(headers ?? []).map((name) => ({ name, in: 'header', schema: { type: 'string' } })),
]

/** Answers that occur often are components: a session has a hundred lines. */
const withComponents = (answers: (schema: z.ZodType) => Json) => {
  const schemas: Json = {}
  const count = new Map<z.ZodType, number>()
  for (const { answer } of ROUTES) if (answer && answer !== 'bytes') count.set(answer, (count.get(answer) ?? 0) + 1)
  const shape = (schema: z.ZodType): Json => {
    const own = ROUTES.find(({ answer }) => answer === schema)
    if (!own || (count.get(schema) ?? 0) < 2) return answers(schema)
    const name = `${nameOf(own.route)}Answer`
    schemas[name] = answers(schema)
    return { $ref: `#/components/schemas/${name}` }
  }
  return { schemas, shape }
}

/** OpenAPI 3.1, from the same schemas that check the calls. */
export const openApi = (): Json => {
  const { schemas, shape } = withComponents(shapes('output'))
  const asked = shapes('input')
  const paths: Record<string, Json> = {}
  for (const doc of ROUTES) {
    const [method = '', path = ''] = doc.route.split(' ')
    const listed = parameters(doc, asked)
    const operation = {
      operationId: nameOf(doc.route),
      summary: doc.summary,
      ...(listed.length > 0 ? { parameters: listed } : {}),
      ...(doc.body ? { requestBody: { required: true, content: content(doc.body, asked) } } : {}),
      responses: {
        [doc.status ?? 200]: { description: 'done', content: content(doc.answer, shape) },
        default: { $ref: '#/components/responses/Error' },
      },
    }
    const key = path.replace(/:(\w+)/g, '{$1}')
    paths[key] = { ...paths[key], [method.toLowerCase()]: operation }
  }
  const error = { description: 'what happened, and what to do next', content: content(ErrorBody, shapes('output')) }
  return {
    openapi: '3.1.0',
    info: { title: 'remote', version: '1' },
    paths,
    components: { schemas, responses: { Error: error } },
  }
}
