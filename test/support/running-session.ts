import type { DispatchInput } from '../../core/contract/dispatch.ts'
import type { Beat, Done } from '../../core/contract/runner.ts'
import { type ApiWorld, apiWorld } from './api-world.ts'
import { aDispatch } from './samples.ts'

/** A session as far as its machine's launch, with the calls its runner makes. */
export const launchedSession = async (more: Partial<DispatchInput> = {}, world: ApiWorld = apiWorld()) => {
  const { plane, ports } = world
  const { session } = await plane.dispatch(aDispatch(more), { by: 'ada' })
  const { id } = session
  await ports.lifecycle.walk(id)
  const record = () => plane.get(id)
  const attempt = async () => (await record()).attempts.length
  return {
    ...world,
    id,
    record,
    walk: () => ports.lifecycle.walk(id),
    hello: async () => plane.hello(id, await attempt(), { runnerVersion: '1' }),
    beat: async (told: Partial<Beat> = {}) =>
      plane.beat(id, await attempt(), { position: { attempt: await attempt(), seq: 1 }, inboxHandled: 0, flags: {}, ...told }),
    done: async (told: Partial<Done> = {}) =>
      plane.done(id, await attempt(), {
        outcome: { outcome: 'succeeded', code: 'exit', reason: 'it ended with 0', exitCode: 0 },
        lastSeq: 1,
        inboxHandled: 0,
        ...told,
      }),
    what: async () => (await plane.timeline(id)).entries.map((entry) => entry.what),
  }
}

export const runningSession = async (more: Partial<DispatchInput> = {}, world?: ApiWorld) => {
  const session = await launchedSession(more, world)
  const spec = await session.hello()
  return { ...session, spec }
}
