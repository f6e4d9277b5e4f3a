import type { AuditEntry } from '../../core/contract/audit.ts'
import type { Connection } from '../connect.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { auditTable } from '../output/audit-table.ts'
import type { Command } from '../verbs/verb.ts'

const PAGE = '500'

const allOf = async (connection: Connection, since: string | undefined): Promise<AuditEntry[]> => {
  const found: AuditEntry[] = []
  let cursor: string | undefined
  do {
    const page = await connection.get('/v1/audit', { query: { since, limit: PAGE, cursor } })
    found.push(...page.entries)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

export const audit: Command = async ({ io, flags }) => {
  const connection = await connectAsSaid(io, flags)
  const [by, on] = [flags.text('by'), flags.text('about')]
  const entries = (await allOf(connection, flags.number('since')?.toString())).filter(
    (entry) => (by === undefined || entry.by === by) && (on === undefined || entry.on.includes(on)),
  )
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ entries })}\n`)
  else if (flags.on('quiet')) await write(io.stdout, entries.map(({ id }) => `${id}\n`).join(''))
  else if (entries.length === 0) await write(io.stderr, 'nobody did anything\n')
  else await write(io.stdout, auditTable(entries, io.stdout, io.env))
  return 0
}
