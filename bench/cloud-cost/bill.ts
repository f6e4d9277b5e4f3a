import type { Call } from '../../test/rehearsal/control.ts'
import type { Report } from '../../test/rehearsal/lambda-host.ts'
import { PRICES } from './prices.ts'

/** What was counted in the rehearsal up to a moment. */
export type Counted = { calls: readonly Call[]; reports: readonly Report[]; transitions: number; seconds: number }
/** US dollars, by what they are paid for; `count` says how often. */
export type Bill = Map<string, { count: number; usd: number }>

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems', 'BatchWriteItem'])
const KB = 1024
/** Of an answer that is read; ours are records of a few KB. */
const READ_UNITS = 1

const ofTable = ({ action, count, bytes }: Call) => {
  if (!WRITES.has(action)) return count * READ_UNITS * PRICES.tableRead
  // What is sent has names and conditions besides the item, so this is rather too much.
  const units = Math.ceil(bytes / count / KB) * count
  return units * (action === 'TransactWriteItems' ? 2 : 1) * PRICES.tableWrite
}

const ofCall = (call: Call): number => {
  if (call.service === 'dynamodb') return ofTable(call)
  if (call.service === 's3') return call.count * (/^(Put|Post|List|Upload|Complete)/.test(call.action) ? PRICES.put : PRICES.get)
  if (call.service === 'secretsmanager') return call.count * PRICES.secretCall
  return 0 // Step Functions bills transitions; STS, EC2 and heartbeats cost nothing
}

export const billOf = ({ calls, reports, transitions, seconds }: Counted): Bill => {
  const bill: Bill = new Map()
  const add = (what: string, count: number, usd: number) => {
    const known = bill.get(what) ?? { count: 0, usd: 0 }
    bill.set(what, { count: known.count + count, usd: known.usd + usd })
  }
  for (const call of calls) {
    const usd = ofCall(call)
    if (usd > 0) add(`${call.service} ${call.action}`, call.count, usd)
  }
  for (const { function: name, ms, memoryMb, initMs } of reports) {
    const gbSeconds = ((ms + (initMs ?? 0)) / 1000) * (memoryMb / KB)
    add('Lambda', 1, PRICES.invocation + gbSeconds * PRICES.gbSecond)
    if (/http/i.test(name)) add('HTTP API', 1, PRICES.httpRequest)
    if (/socket/i.test(name)) add('WebSocket API', 1, PRICES.socketMessage)
  }
  add('Step Functions', transitions, transitions * PRICES.transition)
  add('WebSocket minutes', seconds / 60, (seconds / 60) * PRICES.socketMinute)
  return bill
}

export const totalOf = (bill: Bill): number => [...bill.values()].reduce((sum, { usd }) => sum + usd, 0)
