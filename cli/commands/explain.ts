import type { TimelineEntry } from '../../core/contract/session.ts'
import { findSession } from '../find-session.ts'
import { write } from '../io.ts'
import { printable } from '../output/printable.ts'
import { styleOf } from '../output/style.ts'
import type { Command } from '../verbs/verb.ts'

// Reasons are words of machines, agents and other people.
const entryText = ({ at, by, what, detail }: TimelineEntry) =>
  printable(`${at}  ${by.padEnd(12)}  ${what}${detail ? ` ${JSON.stringify(detail)}` : ''}\n`)

export const explain: Command = async ({ io, args: [id = ''], flags }) => {
  const { connection, session } = await findSession(io, id, { quiet: flags.on('quiet') })
  const param = { id: session.id }
  const { bold, dim, red } = styleOf(io.stdout, io.env)
  if (flags.on('timeline')) {
    const timeline = await connection.get('/v1/sessions/:id/timeline', { param })
    if (flags.on('json')) await write(io.stdout, `${JSON.stringify(timeline)}\n`)
    else
      await write(
        io.stdout,
        `${timeline.entries.map(entryText).join('')}${timeline.intact ? '' : red('the record of changes was tampered with\n')}`,
      )
    return 0
  }
  const explanation = await connection.get('/v1/sessions/:id/explain', { param })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(explanation)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, `${explanation.session}\n`)
  else {
    const [first = '', ...more] = explanation.says.map(printable)
    const next =
      explanation.next.length > 0 ? `${dim('next:')}\n${explanation.next.map((command) => `  ${command}\n`).join('')}` : ''
    await write(io.stdout, `${bold(explanation.session)} ${first}\n${more.map((line) => `${line}\n`).join('')}${next}`)
  }
  return 0
}
