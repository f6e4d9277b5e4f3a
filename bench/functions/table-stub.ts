import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Item = Record<string, { S?: string; N?: string }>
type Asked = {
  Key?: Item
  Item?: Item
  IndexName?: string
  ExpressionAttributeValues?: Record<string, { S?: string }>
  RequestItems?: Record<string, { Keys: Item[] }>
  TransactItems?: { Put?: { Item: Item } }[]
}

const keyOf = (item: Item | undefined) => `${item?.['pk']?.S} ${item?.['sk']?.S}`
const PARTITIONS: Record<string, string> = { list: 'listPk', active: 'activePk', ids: 'idPk' }

/**
 * Stands for AWS while a function starts: items that were put are got and found in indexes, whatever else is asked succeeds, and it
 * answers at once, so that what is measured is the function.
 */
export const openTableStub = async () => {
  const items = new Map<string, Item>()
  const put = (item: Item) => items.set(keyOf(item), item)

  const answers: Record<string, (asked: Asked) => object> = {
    GetItem: ({ Key }) => ({ Item: items.get(keyOf(Key)) }),
    BatchGetItem: ({ RequestItems = {} }) => {
      const found = ({ Keys }: { Keys: Item[] }) => Keys.flatMap((key) => items.get(keyOf(key)) ?? [])
      return { Responses: Object.fromEntries(Object.entries(RequestItems).map(([table, keys]) => [table, found(keys)])) }
    },
    // Without an index: messages and viewers of a session, of which there are none.
    Query: ({ IndexName, ExpressionAttributeValues = {} }) => {
      const partition = PARTITIONS[IndexName ?? ''] ?? ''
      const wanted = new Set(Object.values(ExpressionAttributeValues).map(({ S }) => S))
      return { Items: [...items.values()].filter((item) => wanted.has(item[partition]?.S ?? '')) }
    },
    PutItem: ({ Item = {} }) => {
      put(Item)
      return {}
    },
    TransactWriteItems: ({ TransactItems = [] }) => {
      for (const { Put } of TransactItems) if (Put) put(Put.Item)
      return {}
    },
  }

  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const call = String(request.headers['x-amz-target']).replace(/^.*\./, '')
    asked.push(call)
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    response.end(JSON.stringify(answers[call]?.(JSON.parse(body) as Asked) ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put,
    /** Calls since it was asked last. */
    asked: () => asked.splice(0),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
export type TableStub = Awaited<ReturnType<typeof openTableStub>>
