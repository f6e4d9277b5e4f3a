import type { Candidate } from '../../core/contract/plan.ts'
import { bringPrices } from '../bring-prices.ts'
import { connectAsSaid } from '../control-planes.ts'
import { write } from '../io.ts'
import { styleOf } from '../output/style.ts'
import { type Cell, type Column, table } from '../output/table.ts'
import { widthOf } from '../output/width-of.ts'
import { readTask } from '../read-task.ts'
import type { Command } from '../verbs/verb.ts'

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'MACHINE' },
  { title: 'WHERE' },
  { title: 'CPUS', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: '$/HOUR', align: 'right' },
  { title: 'SPOT', align: 'right' },
  { title: 'WHY', flexible: true },
]

const price = (usd: number) => (usd === 0 ? 'free' : usd.toFixed(4).replace(/0{1,2}$/, ''))

const spotOf = ({ onDemandUsdPerHour, spotUsdPerHour }: Candidate) => {
  if (spotUsdPerHour === undefined) return ''
  const saved = Math.round(100 * (1 - spotUsdPerHour / onDemandUsdPerHour))
  return `${price(spotUsdPerHour)} (−${saved}%)`
}

export const plan: Command = async ({ io, args, flags }) => {
  const quiet = flags.on('quiet')
  const task = await readTask(io, args)
  const ask = {
    task,
    spot: flags.on('spot'),
    instance: flags.text('instance'),
    maxPriceUsd: flags.number('max-price'),
    ttlSeconds: flags.number('ttl'),
  }
  const side = await connectAsSaid(io, flags)
  await bringPrices(io, side)
  const found = await side.post('/v1/plan', { json: ask })
  const { dim, green, bold } = styleOf(io.stdout, io.env)
  const rowOf = (candidate: Candidate): Cell[] => {
    const { chosen, instance, runtime, vcpus, memoryGb, onDemandUsdPerHour, why } = candidate
    const texts = [
      chosen ? '→' : '',
      instance,
      runtime,
      vcpus === 0 ? '–' : String(vcpus), // this machine: the control plane does not measure it
      memoryGb === 0 ? '–' : `${memoryGb} GB`,
      price(onDemandUsdPerHour),
      spotOf(candidate),
      why,
    ]
    return texts.map((text) => ({ text, ...(chosen ? { paint: green } : {}) }))
  }
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify(found)}\n`)
  else if (quiet)
    await write(
      io.stdout,
      found.candidates
        .filter(({ chosen }) => chosen)
        .map(({ instance }) => `${instance}\n`)
        .join(''),
    )
  else {
    const rows = table(COLUMNS, found.candidates.map(rowOf), widthOf(io.stdout, io.env, 120), dim)
    await write(io.stdout, `${bold(found.reason)}\n\n${rows}\n${dim(`prices of ${found.pricesAsOf}: ${found.pricesFrom}`)}\n`)
  }
  return 0
}
