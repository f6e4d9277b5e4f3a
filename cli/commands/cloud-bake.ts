import { setTimeout as pause } from 'node:timers/promises'
import type { Baking, Builder } from '../../core/contract/operate.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { askOperate } from '../cloud/ask-operate.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import { confirm } from '../confirm.ts'
import { write } from '../io.ts'
import { shownDuration } from '../values/duration.ts'
import type { Command } from '../verbs/verb.ts'

const LOOK_MS = 4000
/** The machine gives up after 25 minutes; an image of a few GB takes as long again at worst. */
const LONGEST_MS = 55 * 60_000

const COSTS = [
  'this buys one machine with 4 GB for about ten minutes (a cent), and keeps an image: about 4 GB of snapshot, $0.20 a month each;',
  'the newest two of an architecture are kept\n',
].join('\n')

const SAYS: Readonly<Record<Baking['stage'], string>> = {
  preparing: 'installing the runner, the toolchain and the agents',
  imaging: 'making the image of its disk',
  done: 'done',
  failed: 'failed',
}

/** Asks until there is an image that the stack uses, or a reason why not. The machine is gone in either case. */
export const cloudBake: Command = async ({ io, flags }) => {
  const quiet = flags.on('quiet') || flags.on('json')
  const say = (text: string) => (quiet ? Promise.resolve() : write(io.stderr, text))
  const architecture = flags.text('architecture') === 'arm64' ? 'arm64' : 'x64'
  const opened = await openedCloud(io, flags.text('on'))
  await say(COSTS)
  await confirm(io, {
    question: `Bake an image for ${architecture} in ${opened.region}?`,
    what: 'this costs money',
    declined: 'nothing was bought',
    verb: 'remote cloud bake',
    isSure: flags.on('yes'),
  })
  let stopped = false
  const waiting = new AbortController()
  const stopListening = io.onInterrupt(() => {
    stopped = true
    waiting.abort()
  })
  const began = performance.now()
  const { builder, instance } = await askOperate<Builder>(io, opened, { ask: 'bake', architecture })
  await say(`${builder} (${instance})\n`)
  let baking: Baking = { stage: 'preparing' }
  let told = ''
  try {
    while (!stopped && baking.stage !== 'done' && baking.stage !== 'failed') {
      if (performance.now() - began > LONGEST_MS) {
        throw new RemoteError('timeout', `there is no image after ${LONGEST_MS / 60_000} minutes`, {
          hint: 'try again: remote cloud bake',
        })
      }
      if (baking.stage !== told) await say(`${shownDuration(performance.now() - began)}  ${SAYS[baking.stage]}\n`)
      told = baking.stage
      await pause(LOOK_MS, undefined, { signal: waiting.signal }).catch(() => undefined)
      if (!stopped) baking = await askOperate<Baking>(io, opened, { ask: 'baking', builder })
    }
  } finally {
    stopListening()
    // Done and failed ones are ended already.
    if (baking.stage !== 'done' && baking.stage !== 'failed') await askOperate(io, opened, { ask: 'end-bake', builder })
  }
  if (stopped)
    throw new RemoteError('refused', `interrupted: ${builder} was ended, and no image is used`, {
      hint: 'again: remote cloud bake',
    })
  if (baking.stage === 'failed') {
    throw new RemoteError('refused', `no image was made: ${baking.why}`, {
      hint: 'its machine is gone; sessions start as before',
    })
  }
  const { image, replaced = [] } = baking
  if (flags.on('json')) await write(io.stdout, `${JSON.stringify({ architecture, image, replaced })}\n`)
  else await write(io.stdout, `${image}\n`)
  const gone = replaced.length > 0 ? `; dropped: ${replaced.join(', ')}` : ''
  await say(`machines of ${architecture} start from it from now on, made in ${shownDuration(performance.now() - began)}${gone}\n`)
  return 0
}
