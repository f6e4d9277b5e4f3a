import type { InstanceMetadata } from './instance-metadata.ts'
import { leaveTime, type TakeBack, watchTakeBack } from './take-back.ts'

const inWords = (notice: TakeBack) =>
  notice.kind === 'spot'
    ? `the spot market takes this machine back (${notice.action} at ${new Date(notice.at).toISOString()})`
    : 'EC2 recommends to leave this machine: the spot market may take it back'

/** Watches for whatever takes this machine away. Resolves with the reason when it is time to leave. */
export const watchForLeaving = (metadata: Pick<InstanceMetadata, 'get'>, goesOnElsewhere: boolean) => {
  const leaving = Promise.withResolvers<string>()
  const timers = new Set<NodeJS.Timeout>()
  const stop = watchTakeBack(metadata, (notice) => {
    const now = Date.now()
    const at = leaveTime(notice, goesOnElsewhere, now)
    console.error(
      `${inWords(notice)}: ${at === undefined ? 'the session goes on' : `leaving in ${Math.round((at - now) / 1000)} s`}`,
    )
    if (at !== undefined) timers.add(setTimeout(() => leaving.resolve(inWords(notice)), at - now))
  })
  const onTerm = () => leaving.resolve('this machine is shut down')
  process.once('SIGTERM', onTerm)
  return {
    leaving: leaving.promise,
    close: () => {
      stop()
      for (const timer of timers) clearTimeout(timer)
      process.off('SIGTERM', onTerm)
    },
  }
}
