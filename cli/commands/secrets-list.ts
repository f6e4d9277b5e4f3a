import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { oneLine } from '../output/printable.ts'
import { styleOf } from '../output/style.ts'
import { table } from '../output/table.ts'
import { widthOf } from '../output/width-of.ts'
import { shownDuration } from '../values/duration.ts'
import type { Command } from '../verbs/verb.ts'

const COLUMNS = [
  { title: 'NAME', flexible: true },
  { title: 'BYTES', align: 'right' as const },
  { title: 'SET', align: 'right' as const },
  { title: 'FROM', flexible: true },
]

export const secretsList: Command = async ({ io, flags }) => {
  const quiet = flags.on('quiet')
  const list = await (await connectAsSaid(io, flags)).get('/v1/secrets')
  const ago = (time: string) => `${shownDuration(Date.now() - Date.parse(time)).split(' ')[0]} ago`
  const rows = list.secrets.map(({ name, bytes, setAt, command }) => [
    { text: name },
    { text: command === undefined ? String(bytes) : '–' },
    { text: ago(setAt) },
    { text: command === undefined ? '' : oneLine(command) },
  ])
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(list)}\n`)
  else if (quiet) await write(io.stdout, list.secrets.map(({ name }) => `${name}\n`).join(''))
  else if (rows.length === 0) await write(io.stderr, 'no secrets; store one: remote secrets set GITHUB_TOKEN\n')
  else await write(io.stdout, table(COLUMNS, rows, widthOf(io.stdout, io.env, 120), styleOf(io.stdout, io.env).dim))
  return 0
}

export const secretsDelete: Command = async ({ io, args: [name = ''], flags }) => {
  const quiet = flags.on('quiet')
  await (await connectAsSaid(io, flags)).delete('/v1/secrets/:name', { param: { name } })
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ name })}\n`)
  else if (quiet) await write(io.stdout, `${name}\n`)
  else await write(io.stderr, `${name} is forgotten; sessions under way keep their copy\n`)
  return 0
}
