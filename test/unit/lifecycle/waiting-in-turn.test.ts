import { describe, expect, it } from 'vitest'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { explanation } from '../../../core/domain/explanation.ts'
import { LONGEST_TURN_SECONDS } from '../../../core/lifecycle/plan.ts'
import { aSession } from '../../support/samples.ts'
import { StateMachineModel } from '../../support/state-machine-model.ts'

const terminated = { outcome: 'terminated', code: 'terminated', reason: 'by ada' } as const

/** A session whose launch is not let through before `waitSeconds` are over. */
const waiting = async (waitSeconds: number) => {
  const session = aSession(1, { runtime: 'cloud', instance: 't3.small' })
  const model = new StateMachineModel(session.id)
  const { ports } = model
  await ports.sessions.insert(session, undefined, { by: 'ada', what: 'dispatched' })
  const turn = ports.clock.now() + waitSeconds * 1000
  const { launch } = ports.compute
  ports.compute.launch = async (...args) => {
    if (ports.clock.now() < turn)
      throw new RemoteError('unavailable', 'others are first', { hint: 'it goes on by itself', notBefore: turn })
    return launch.apply(ports.compute, args)
  }
  const record = async () => (await ports.sessions.get(session.id)) ?? session
  return { model, ports, id: session.id, record }
}
const ticks = async (model: StateMachineModel, count: number) => {
  for (let n = 0; n < count; n += 1) await model.tick()
}

describe('a launch that has to wait for its turn', () => {
  it('spends no try, says what it waits for, and goes on when its turn has come', async () => {
    const { model, ports, record } = await waiting(3600)
    await ticks(model, 3)
    expect([model.at, model.isWaiting]).toEqual(['Turn', true])
    const held = await record()
    expect(held.trouble).toMatchObject({ tries: 0, reason: 'others are first' })
    expect(explanation(held, ports.clock.now()).says).toEqual(
      expect.arrayContaining(['It waits for its turn: others are first.', 'It goes on in 60 min.']),
    )
    await model.passTime()
    await model.tick()
    expect(await record()).toMatchObject({ state: 'booting' })
    // Place, Launch, Turn, Launch.
    expect(model.transitions).toBeLessThanOrEqual(5)
  })

  it('ends at once when it is terminated meanwhile', async () => {
    const { model, record } = await waiting(3600)
    await ticks(model, 3)
    await model.hear({ type: 'stop-asked', how: 'graceful', by: 'ada', why: terminated })
    expect(model.at).toBe('Release')
    await ticks(model, 2)
    expect((await record()).outcome).toMatchObject({ outcome: 'terminated' })
  })

  it('is refused when its turn is further off than it may be', async () => {
    const { model, record } = await waiting(LONGEST_TURN_SECONDS + 60)
    for (let n = 0; n < 40 && (await record()).state !== 'ended'; n += 1) await model.passTime()
    expect((await record()).outcome).toMatchObject({ outcome: 'refused', reason: 'others are first' })
  })

  it('has all its tries left for what fails afterwards', async () => {
    const { model, ports, record } = await waiting(120)
    await ticks(model, 3)
    let failures = 0
    const { launch } = ports.compute
    ports.compute.launch = async (...args) => {
      if (ports.clock.now() >= Date.parse((await record()).stateSince) + 120_000 && failures++ < 3)
        throw new RemoteError('unavailable', 'not now', { hint: 'later' })
      return launch.apply(ports.compute, args)
    }
    for (let n = 0; n < 20 && (await record()).state === 'launching'; n += 1) await model.passTime()
    expect([failures, (await record()).state]).toEqual([4, 'booting'])
  })
})
