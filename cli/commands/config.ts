import { RemoteError } from '../../core/contract/remote-error.ts'
import { Flags } from '../flags.ts'
import { type Io, write } from '../io.ts'
import { keepSetting } from '../keep-setting.ts'
import { nearest } from '../nearest.ts'
import { styleOf } from '../output/style.ts'
import { table } from '../output/table.ts'
import { widthOf } from '../output/width-of.ts'
import { convertSetting, SETTINGS, shownSetting } from '../setting-values.ts'
import { settle } from '../settings.ts'
import type { Command } from '../verbs/verb.ts'

const known = (key: string): string => {
  if (SETTINGS.has(key)) return key
  const names = [...SETTINGS.keys()]
  const meant = nearest(key, names)
  throw new RemoteError('usage', `\`${key.slice(0, 60)}\` is not a setting`, {
    hint: meant ? `did you mean ${meant}?` : `known: ${names.join(', ')}`,
  })
}

/** What holds here: the value as converted (seconds, bytes, dollars), and where it comes from. */
const settled = async (io: Io, keys: readonly string[]) => {
  const { flags, origins } = await settle(io, new Flags(new Map()), io.cwd)
  const values = new Map(flags.entries())
  return keys.map((key) => ({ key, value: values.get(key) ?? null, origin: origins.get(key) ?? null }))
}

/** They are values of `on`, and found nowhere else in what is set. */
const sayClouds = async (io: Io): Promise<void> => {
  const { knownClouds, saidOf } = await import('../cloud/known-clouds.ts')
  const clouds = await knownClouds(io)
  const line = (one: (typeof clouds)[number]) => `  ${one.runtime}  ${saidOf(one)}${one.isMeant ? ' ← cloud' : ''}\n`
  if (clouds.length > 0) await write(io.stderr, `clouds in use:\n${clouds.map(line).join('')}`)
}

export const configList: Command = async ({ io, flags }) => {
  const rows = await settled(io, [...SETTINGS.keys()])
  if (flags.on('json')) {
    await write(io.stdout, `${JSON.stringify(rows)}\n`)
    return 0
  }
  const { dim } = styleOf(io.stdout, io.env)
  const columns = [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'FROM', flexible: true }]
  const cells = rows.map(({ key, value, origin }) => [
    { text: key },
    { text: value === null ? '' : shownSetting(key, value) },
    { text: origin ?? 'not set', paint: dim },
  ])
  await write(io.stdout, table(columns, cells, widthOf(io.stdout, io.env, 120), dim))
  await sayClouds(io)
  return 0
}

export const configGet: Command = async ({ io, args: [key = ''], flags }) => {
  const [row] = await settled(io, [known(key)])
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(row)}\n`)
  else if (row && row.value !== null) await write(io.stdout, `${shownSetting(row.key, row.value)}\n`)
  return row?.value === null ? 1 : 0
}

export const configSet: Command = async ({ io, args: [name = '', value = ''], flags }) => {
  const key = known(name)
  if (value !== '') convertSetting(key, value, key)
  const file = await keepSetting(io.env, key, value)
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ key, value: value === '' ? null : value, origin: file })}\n`)
  else if (!flags.on('quiet'))
    await write(io.stderr, value === '' ? `${key} is no longer set in ${file}\n` : `${key} = ${value} in ${file}\n`)
  return 0
}
