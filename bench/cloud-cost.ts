import { setTimeout as pause } from 'node:timers/promises'
import { openRehearsal, type Rehearsal } from '../test/rehearsal/rehearsal.ts'
import { until } from '../test/rehearsal/until.ts'
import { alwaysOn } from './cloud-cost/always-on.ts'
import { type Bill, billOf, type Counted, totalOf } from './cloud-cost/bill.ts'
import { PRICES } from './cloud-cost/prices.ts'
import type { Figure } from './figure.ts'

/** Four beats, and two of what comes each minute. */
const STRETCH_SECONDS = 120
/** The start's last calls, and the first beat. */
const SETTLE_MS = 5000
const GOAL_USD = 0.001
const MOST_TRANSITIONS = 12
const PATIENCE_MS = 120_000
const SHOWN = 4

const usd = (amount: number) => `$${amount.toFixed(6)}`

const openCounter = ({ cloud: { control, lambdas } }: Rehearsal) => {
  let [from, began] = [lambdas.reports().length, Date.now()]
  return {
    restart: async () => {
      ;[from, began] = [lambdas.reports().length, Date.now()]
      await control.forgetCalls()
    },
    read: async (transitions = 0): Promise<Counted> => ({
      calls: await control.calls(),
      reports: lambdas.reports().slice(from),
      transitions,
      seconds: (Date.now() - began) / 1000,
    }),
  }
}

const executionOf = async ({ cloud }: Rehearsal, session: string) => {
  // One that is just beginning cannot be described yet.
  const all = await cloud.control.executions().catch(() => [])
  return all.find(({ name }) => name === session)
}

/** A session that nobody watches: what it costs once, and while it runs. Whoever looks on from here does not call AWS. */
const measure = async (rehearsal: Rehearsal) => {
  const counter = openCounter(rehearsal)
  await counter.restart()
  // It ends by itself, some time after the stretch.
  const task = `sleep ${STRETCH_SECONDS + 30}`
  const words = ['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--detach', '--quiet', task]
  const { code, out, stderr } = await rehearsal.cli(words)
  if (code !== 0) throw new Error(stderr)
  const id = out.trim()
  const hasReached = (state: string) => async () =>
    (await executionOf(rehearsal, id))?.states.includes(state) ? true : undefined
  await until(`${id} runs`, hasReached('Run'), PATIENCE_MS)
  await pause(SETTLE_MS)
  const start = await counter.read()
  await counter.restart()
  await pause(STRETCH_SECONDS * 1000)
  const running = await counter.read()
  await counter.restart()
  const isOver = async () => {
    const found = await executionOf(rehearsal, id)
    return found?.status === 'SUCCEEDED' ? found : undefined
  }
  const { transitions } = await until(`${id} ended`, isOver, PATIENCE_MS)
  const end = await counter.read(transitions)
  return { once: [billOf(start), billOf(end)], running: billOf(running), seconds: running.seconds, transitions }
}

/** The dearest parts, as they come to in an hour or once. */
const parts = (bills: readonly Bill[], factor: number): string => {
  const all = new Map<string, { count: number; usd: number }>()
  for (const [what, { count, usd: amount }] of bills.flatMap((bill) => [...bill])) {
    const known = all.get(what) ?? { count: 0, usd: 0 }
    all.set(what, { count: known.count + count * factor, usd: known.usd + amount * factor })
  }
  return [...all]
    .sort(([, a], [, b]) => b.usd - a.usd)
    .slice(0, SHOWN)
    .map(([what, { count, usd: amount }]) => `${Math.round(count)} ${what} ${usd(amount)}`)
    .join(', ')
}

/** Calls that were made in the rehearsal × the price table. */
export const cloudCost: Figure = {
  name: 'cloud-cost',
  seconds: 900,
  run: async () => {
    const rehearsal = await openRehearsal()
    try {
      const used = await rehearsal.cli(['cloud', 'use'])
      if (used.code !== 0) throw new Error(used.stderr)
      const { once, running, seconds, transitions } = await measure(rehearsal)
      const factor = 3600 / seconds
      const [fixed, hourly] = [once.reduce((sum, bill) => sum + totalOf(bill), 0), totalOf(running) * factor]
      const always = alwaysOn()
      return [
        {
          what: 'cloud: control plane, first session-hour',
          ours: `${usd(fixed)} once (${parts(once, 1)}) + ${usd(hourly)} an hour (${Math.round(seconds)} s counted, × ${factor.toFixed(1)}: ${parts([running], factor)})`,
          base: '',
          measured: usd(fixed + hourly),
          goal: `≤ $${GOAL_USD}`,
          reached: fixed + hourly <= GOAL_USD,
          why: 'see its parts; functions are measured on this machine, which is not quicker than theirs while it is busy',
        },
        {
          what: 'cloud: transitions of a clean session',
          ours: `${usd(transitions * PRICES.transition)} of the above`,
          base: '',
          measured: String(transitions),
          goal: `≤ ${MOST_TRANSITIONS}`,
          reached: transitions <= MOST_TRANSITIONS,
        },
        {
          what: 'cloud: paid for by the hour while idle',
          ours: `of ${always.resources} resources; ${always.said}`,
          base: '',
          measured: always.types.length === 0 ? 'nothing' : always.types.join(' '),
          goal: 'nothing',
          reached: always.types.length === 0,
        },
      ]
    } finally {
      await rehearsal.close()
    }
  },
}
