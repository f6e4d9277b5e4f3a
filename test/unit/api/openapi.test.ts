import { describe, expect, it } from 'vitest'
import { openApi } from '../../../core/api/openapi.ts'
import { ROUTES } from '../../../core/api/route-table.ts'
import { apiWorld } from '../../support/api-world.ts'

/** Everything a reader follows: `$ref`s anywhere in the document. */
const refs = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : refs(member),
  )
}

describe('the OpenAPI document', () => {
  it('has every route of the API and no other', () => {
    const { api } = apiWorld()
    const served = new Set(api.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`))
    expect([...served].sort()).toEqual(ROUTES.map(({ route }) => route as string).sort())
  })

  it('is served, is 3.1 and stays small', async () => {
    const { call } = apiWorld()
    const { status, json, text } = await call({ method: 'GET', path: '/v1/openapi.json' })
    expect([status, json.openapi]).toEqual([200, '3.1.0'])
    expect(text.length).toBeLessThan(80_000)
  })

  it('names every operation once', () => {
    const { paths } = openApi() as { paths: Record<string, Record<string, { operationId: string }>> }
    const names = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(names).toHaveLength(ROUTES.length)
    expect(new Set(names).size).toBe(names.length)
  })

  it('refers to nothing that is not in it', () => {
    const document = openApi()
    const find = (ref: string) =>
      ref
        .slice(2)
        .split('/')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
    for (const ref of refs(document)) expect(find(ref), ref).toBeDefined()
  })

  it('asks for what may be sent: members with a default may be left out', () => {
    const { paths } = openApi() as {
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: { required: string[] } }> } }>>
    }
    expect(paths['/v1/sessions']?.['post']?.requestBody?.content['application/json']?.schema.required).toEqual(['task'])
  })
})
