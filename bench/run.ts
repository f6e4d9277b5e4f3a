import { existsSync } from 'node:fs'
import { burst } from './burst.ts'
import { cloudCost } from './cloud-cost.ts'
import { eventLatency } from './event-latency.ts'
import type { Figure, Row } from './figure.ts'
import { firstByte } from './first-byte.ts'
import { functions } from './functions.ts'
import { closeWorlds } from './in-world.ts'
import { logThroughput } from './log-throughput.ts'
import { manyViewers } from './many-viewers.ts'
import { PROGRAM } from './measure.ts'
import { startUp } from './start-up.ts'
import { status } from './status.ts'
import { storedSessions } from './stored-sessions.ts'
import { wholeDispatch } from './whole-dispatch.ts'

const FIGURES: readonly Figure[] = [
  startUp,
  status,
  firstByte,
  wholeDispatch,
  eventLatency,
  logThroughput,
  manyViewers,
  storedSessions,
  functions,
  burst,
  cloudCost,
]

const print = ({ what, ours, base, measured, goal, reached, why }: Row): void => {
  const against = base === '' ? ours : `${ours} against ${base}`
  console.log(`${what.padEnd(44)} ${measured.padStart(9)}  goal ${goal.padEnd(9)} ${reached ? 'reached' : 'missed '}  ${against}`)
  if (!reached && why !== undefined) console.log(`${''.padEnd(4)}why: ${why}`)
}

const failed = (figure: Figure, why: unknown): Row => {
  const text = why instanceof Error ? (why.message.split('\n')[0] ?? '') : String(why)
  return { what: figure.name, ours: text, base: '', measured: 'none', goal: 'measured', reached: false }
}

/** A figure that hangs must not keep the others from being measured. */
const within = async (figure: Figure): Promise<Row[]> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not done after ${figure.seconds} s`)), figure.seconds * 1000)
  try {
    return await Promise.race([figure.run(), promise])
  } catch (error) {
    return [failed(figure, error)]
  } finally {
    clearTimeout(timer)
    await closeWorlds()
  }
}

const main = async (): Promise<number> => {
  const names = process.argv.slice(2)
  const unknown = names.find((name) => !FIGURES.some((figure) => figure.name === name))
  if (unknown) {
    console.error(`there is no figure ${unknown}: ${FIGURES.map(({ name }) => name).join(', ')}`)
    return 2
  }
  if (!existsSync(PROGRAM)) {
    console.error('build first: npm run build')
    return 2
  }
  const rows: Row[] = []
  for (const figure of FIGURES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const row of await within(figure)) {
      print(row)
      rows.push(row)
    }
  }
  console.log(`${rows.filter(({ reached }) => reached).length} of ${rows.length} goals reached`)
  return 0
}

process.exit(await main())
