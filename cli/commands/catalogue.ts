import { bringPrices } from '../bring-prices.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { styleOf } from '../output/style.ts'
import { type Column, table } from '../output/table.ts'
import { widthOf } from '../output/width-of.ts'
import { exactMoney } from '../values/money.ts'
import type { Command } from '../verbs/verb.ts'

const COLUMNS: readonly Column[] = [
  { title: 'MACHINE' },
  { title: 'ARCHITECTURE', leaves: 1 },
  { title: 'CPUS', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: '$/HOUR', align: 'right' },
  { title: 'SPOT', align: 'right' },
]

export const catalogue: Command = async ({ io, flags }) => {
  const side = await connectAsSaid(io, flags)
  await bringPrices(io, side)
  const found = await side.get('/v1/catalogue')
  const { dim } = styleOf(io.stdout, io.env)
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(found)}\n`)
  else if (flags.on('quiet')) await write(io.stdout, found.types.map(({ instance }) => `${instance}\n`).join(''))
  else {
    const rows = found.types.map(({ instance, architecture, vcpus, memoryGb, onDemandUsdPerHour, spotUsdPerHour }) =>
      [instance, architecture, String(vcpus), `${memoryGb} GB`, exactMoney(onDemandUsdPerHour), exactMoney(spotUsdPerHour)].map(
        (text) => ({
          text,
        }),
      ),
    )
    const shown = table(COLUMNS, rows, widthOf(io.stdout, io.env, 120), dim)
    await write(io.stdout, `${shown}\n${dim(`prices of ${found.pricesAsOf}: ${found.pricesFrom}`)}\n`)
  }
  return 0
}
