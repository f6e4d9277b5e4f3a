import type { Catalogue } from '../../core/contract/catalogue.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { findStack } from '../cloud/find-stack.ts'
import { type Live, type LiveAsk, liveSession } from '../cloud/live-session.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import { confirm } from '../confirm.ts'
import { type Finding, fail, ok, warn } from '../finding.ts'
import { write } from '../io.ts'
import { showFindings } from '../output/findings.ts'
import { shownMoney } from '../values/money.ts'
import type { Call } from '../verbs/verb.ts'

/** Of a machine that boots, says two words and goes: request to gone. */
const USUAL_MINUTES = 3
/** Address and disk, for those minutes; the control plane's share. */
const BESIDES_USD = 0.002
/** Request to hello on plain Debian: docs/first-deploy.md. */
const SLOW_SECONDS = 90

const usdOf = ({ types }: Catalogue, { instance, spot }: LiveAsk): number => {
  const type = types.find((one) => one.instance === instance)
  if (!type) throw new RemoteError('refused', `there is no instance type ${instance}`, { hint: 'see them: remote catalogue' })
  return ((spot ? type.spotUsdPerHour : type.onDemandUsdPerHour) / 60) * USUAL_MINUTES + BESIDES_USD
}

const between = (from: string | undefined, to: string | undefined) =>
  from === undefined || to === undefined ? undefined : (Date.parse(to) - Date.parse(from)) / 1000
const shown = (seconds: number | undefined) => (seconds === undefined ? 'it did not come to that' : `${seconds.toFixed(1)} s`)

/** Seconds between the steps; the first two by the control plane's clock, the rest by this computer's. */
const stepsOf = ({ session, seconds }: Live) => {
  const attempt = session.attempts.at(-1)
  return {
    launched: between(session.createdAt, attempt?.launchedAt),
    hello: between(attempt?.launchedAt, attempt?.greetedAt),
    firstByte: seconds.firstByte,
    ended: seconds.ended,
    gone: seconds.gone,
  }
}

const findingsOf = (live: Live): Finding[] => {
  const { session, remains } = live
  const steps = stepsOf(live)
  const { outcome, id } = session
  const timed = (name: string, at: number | undefined) =>
    at === undefined ? warn(name, shown(at), `why: remote explain ${id}`) : ok(name, shown(at))
  const isSlow = steps.hello !== undefined && steps.hello > SLOW_SECONDS
  return [
    outcome?.outcome === 'succeeded'
      ? ok('session', `${id}: ${outcome.reason}`)
      : fail(
          'session',
          `${id} ${outcome?.outcome ?? 'has no end'}: ${outcome?.reason ?? ''}`,
          `why: remote explain ${id} --timeline`,
        ),
    timed('request → launched', steps.launched),
    isSlow
      ? warn('launched → hello', shown(steps.hello), 'slower than it should be: docs/first-deploy.md')
      : timed('launched → hello', steps.hello),
    timed('request → first byte', steps.firstByte),
    timed('request → ended', steps.ended),
    remains.length === 0
      ? ok('request → gone', shown(steps.gone))
      : fail(
          'gone',
          `still there: ${remains.map((one) => `${one.id} (${one.state})`).join(', ')}`,
          'see: remote cloud doctor --orphans',
        ),
    ok('cost', `${shownMoney(session.cost.totalUsd)} by our own count; see it in AWS's in a day`),
  ]
}

/** `cloud doctor --live`: says what it costs, asks, and runs one session on a machine that is bought for it. */
export const cloudLive = async ({ io, flags }: Pick<Call, 'io' | 'flags'>): Promise<number> => {
  const opened = await openedCloud(io, flags.text('on'))
  const cloud = await findStack(opened.access, opened.stack, opened.region)
  const connection = connectCloud(io, opened.runtime, cloud, { quiet: true })
  const catalogue = await connection.get('/v1/catalogue')
  const ask = { instance: flags.text('instance') ?? catalogue.types[0]?.instance ?? '', spot: flags.on('spot') }
  const usd = usdOf(catalogue, ask)
  await write(
    io.stderr,
    `this buys one ${ask.instance}${ask.spot ? ' (spot)' : ''} in ${opened.region} for about ${USUAL_MINUTES} minutes: about ${shownMoney(usd)}\n`,
  )
  await confirm(io, {
    question: 'Buy it?',
    what: 'this costs money',
    declined: 'nothing was bought',
    verb: 'remote cloud doctor --live',
    isSure: flags.on('yes'),
  })
  const live = await liveSession(io, opened, connection, ask)
  const checks = findingsOf(live)
  if (!flags.on('json')) return showFindings(io, checks, false)
  const { session, remains } = live
  const { id, outcome, cost } = session
  await write(io.stdout, `${JSON.stringify({ session: id, ...ask, outcome, seconds: stepsOf(live), remains, cost })}\n`)
  return checks.some(({ state }) => state === 'fail') ? 1 : 0
}
