import { describe, expect, it } from 'vitest'
import { FIRST_RETRY_SECONDS, PLAN, SLOWEST_RETRY_SECONDS } from '../../core/lifecycle/plan.ts'
import { lifecycleDefinition } from '../../infra/lifecycle-definition.ts'
import { StepEvent } from '../../lambdas/aws/take-step.ts'
import { type Called, choiceOf, payloadOf, retriesOf, stateOf, walk } from './walk-definition.ts'

const session = 's-0123456789'
const definition = lifecycleDefinition({ functionArn: 'arn:aws:lambda:eu-west-1:1:function:step', partition: 'aws' })
const NAMES = Object.keys(definition.States)
const TASKS = NAMES.filter((name) => stateOf(definition, name).Type === 'Task')
const WAITS = ['Boot', 'Run', 'RunOut', 'Turn']
const answer = (next: string, seconds = 60): Called => ({ answer: { session, next, seconds } })

/** Answers one after the other, then `last` for ever. */
const answers = (list: readonly Called[], last: Called) => {
  const left = [...list]
  return () => left.shift() ?? last
}

describe('a session that goes well', () => {
  const clean = walk(
    definition,
    { session },
    answers(
      ['Launch', 'Boot', 'Run', 'Release'].map((next) => answer(next, 3600)),
      answer('Ended'),
    ),
  )

  it('walks the plan', () => {
    expect(clean.filter((name) => name !== 'Next')).toEqual(['Place', 'Launch', 'Boot', 'Run', 'Release', 'Ended'])
  })
  it('is billed at most 12 transitions', () => {
    expect(clean.length).toBeLessThanOrEqual(12)
  })
  it('walks every call and every wait of the plan, in its order', () => {
    const steps = Object.entries(PLAN).filter(([, { how }]) => how !== 'choice')
    expect(clean.filter((name) => TASKS.includes(name)).map((name) => name.toLowerCase())).toEqual(steps.map(([name]) => name))
  })
})

describe('every state', () => {
  const input = { session, next: 'Boot', seconds: 60, failure: { Error: 'Lambda.Unknown', Cause: '' } }
  it.each(TASKS)('%s calls the function with what it takes', (name) => {
    const payload = StepEvent.parse(payloadOf(stateOf(definition, name), input))
    expect(payload.session).toBe(session)
    expect(payload.wait === undefined).toBe(!WAITS.includes(name))
  })
  it('leads to a state there is, and each but the first is led to', () => {
    const led = NAMES.flatMap((name) => {
      const { Next, Default, Choices = [], Catch = [] } = stateOf(definition, name)
      return [...[Next, Default].filter((next) => next !== undefined), ...[...Choices, ...Catch].map((way) => way.Next)]
    })
    expect(new Set([definition.StartAt, ...led])).toEqual(new Set(NAMES))
  })
  it('that waits says which wait it is, its token and how long', () => {
    const waited = WAITS.map((name) => StepEvent.parse(payloadOf(stateOf(definition, name), input)).wait)
    expect(waited).toEqual(['Boot', 'Run', 'Run', 'Turn'].map((state) => ({ for: state, token: 'a-task-token', seconds: 60 })))
  })
})

describe('what fails', () => {
  const ERRORS = ['Lambda.TooManyRequestsException', 'States.TaskFailed', 'Refused', 'Error', 'States.Timeout']
  const failing = TASKS.flatMap((name) => ERRORS.map((error) => [name, error] as const))

  it.each(failing)('%s with %s comes to Release, and the session goes on to its end', (broken, error) => {
    let failures = 0
    const way = walk(
      { ...definition, StartAt: broken },
      { session, next: 'Later', seconds: 1, failure: { Error: 'before' } },
      (name) => {
        if (name === broken && failures++ === 0) return { error }
        return name === 'Release' || name === 'PlaceFailed' || name === 'LaunchFailed' ? answer('Ended') : answer('Release')
      },
    )
    expect(way.at(-1)).toBe('Ended')
    expect(way.some((name) => ['Release', 'PlaceFailed', 'LaunchFailed'].includes(name))).toBe(true)
  })
  it.each(ERRORS)('for ever with %s never ends an execution: Release is tried again and again', (error) => {
    const way = walk(definition, { session }, () => ({ error }), 200)
    expect(way.slice(0, 3)).toEqual(['Place', 'PlaceFailed', 'Pause'])
    expect(way).toHaveLength(200)
    expect(new Set(way.slice(3))).toEqual(new Set(['Release', 'Pause']))
  })
  it('is told to the record when it was a call of the plan', () => {
    const failed = ['PlaceFailed', 'LaunchFailed'].map((name) =>
      payloadOf(stateOf(definition, name), { session, failure: { Error: 'Lambda.Unknown' } }),
    )
    expect(failed).toEqual(
      ['place', 'launch'].map((step) => ({ session, step: 'release', failed: { step, error: 'Lambda.Unknown' } })),
    )
  })
  it('is tried again as often as the plan says, at its pace', () => {
    for (const [step, name] of Object.entries({ place: 'Place', launch: 'Launch', release: 'Release' } as const)) {
      const state = stateOf(definition, name)
      expect(retriesOf(state, 'Lambda.Unknown')).toBe(PLAN[step as 'place' | 'launch' | 'release'].retries)
      expect(state.Retry.at(-1)).toMatchObject({ IntervalSeconds: FIRST_RETRY_SECONDS, MaxDelaySeconds: SLOWEST_RETRY_SECONDS })
    }
  })
  it('for good is not tried again', () => {
    for (const name of TASKS) expect(retriesOf(stateOf(definition, name), 'Refused')).toBe(0)
  })
})

describe('a wait', () => {
  it('that is over looks at the record', () => {
    for (const name of WAITS.filter((wait) => wait !== 'Turn')) {
      const way = walk({ ...definition, StartAt: name }, { session, next: 'Run', seconds: 60 }, (state) =>
        state === name ? { error: 'States.Timeout' } : answer('Ended'),
      )
      expect(way).toEqual([name, 'Look', 'Next', 'Ended'])
    }
  })
  it('for a turn goes on with the launch when it has come', () => {
    const way = walk({ ...definition, StartAt: 'Turn' }, { session, next: 'Turn', seconds: 3600 }, (state) =>
      state === 'Turn' ? { error: 'States.Timeout' } : answer('Ended'),
    )
    expect(way).toEqual(['Turn', 'Launch', 'Next', 'Ended'])
  })
  it('for a silent runner asks whether the machine is there', () => {
    const way = walk({ ...definition, StartAt: 'Run' }, { session, next: 'Run', seconds: 3600 }, (state) =>
      state === 'Run' ? { error: 'States.HeartbeatTimeout' } : answer('Ended'),
    )
    expect(way).toEqual(['Run', 'Find', 'Next', 'Ended'])
  })
  it('is not repeated because its time is over', () => {
    for (const name of WAITS)
      for (const error of ['States.Timeout', 'States.HeartbeatTimeout'])
        expect(retriesOf(stateOf(definition, name), error)).toBe(0)
  })
  it('has a heartbeat only when that is shorter than its time', () => {
    const route = (seconds: number) => choiceOf(stateOf(definition, 'Next'), { next: 'Run', seconds })
    expect([route(1), route(PLAN.run.heartbeatSeconds)]).toEqual(['RunOut', 'RunOut'])
    expect([route(PLAN.run.heartbeatSeconds + 1), route(2_592_000)]).toEqual(['Run', 'Run'])
    expect(definition.States['Run']).toMatchObject({ HeartbeatSeconds: PLAN.run.heartbeatSeconds })
    expect(definition.States['RunOut']).not.toHaveProperty('HeartbeatSeconds')
  })
  it('takes its time from the answer before', () => {
    for (const name of WAITS) expect(definition.States[name]).toMatchObject({ TimeoutSecondsPath: '$.seconds' })
    expect(definition.States['Later']).toMatchObject({ SecondsPath: '$.seconds' })
  })
})

it('an answer that nobody knows is asked again after a pause', () => {
  expect(choiceOf(stateOf(definition, 'Next'), { next: 'Elsewhere', seconds: 1 })).toBe('Pause')
})
