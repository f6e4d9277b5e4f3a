import { FIRST_RETRY_SECONDS, PLAN, SLOWEST_RETRY_SECONDS } from '../core/lifecycle/plan.ts'

type State = Record<string, unknown>
export type Definition = { Comment: string; StartAt: string; States: Record<string, State> }

export type Wiring = {
  /** The `step` function, which does what is due and answers `{session, next, seconds}`. */
  functionArn: string
  /** `aws` in most regions. */
  partition: string
}

/** The account runs as many functions as it may: nothing was called, and a burst passes. https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html */
const BUSY = {
  ErrorEquals: ['Lambda.TooManyRequestsException'],
  MaxAttempts: 30,
  MaxDelaySeconds: SLOWEST_RETRY_SECONDS,
} as const

/** Of a step that could not even be called. After it the record is asked again, for ever: an end must not be claimed. */
const PAUSE_SECONDS = SLOWEST_RETRY_SECONDS

const retry = (retries: number) => [
  // The function's own answer that a repetition cannot help.
  { ErrorEquals: ['Refused'], MaxAttempts: 0 },
  { ...BUSY, IntervalSeconds: FIRST_RETRY_SECONDS, BackoffRate: 2, JitterStrategy: 'FULL' },
  {
    ErrorEquals: ['States.ALL'],
    IntervalSeconds: FIRST_RETRY_SECONDS,
    MaxAttempts: retries,
    BackoffRate: 2,
    MaxDelaySeconds: SLOWEST_RETRY_SECONDS,
    JitterStrategy: 'FULL',
  },
]

const onError = (next: string, ...errors: string[]) => ({ ErrorEquals: errors, ResultPath: '$.failure', Next: next })

/**
 * The state machine of one session, from the plan. Every answer of the step function says where to go on, by a pure decision on the record
 * (core/lifecycle/next-move.ts), so states only call, wait and catch: whatever fails comes to Release, which answers where to go on when
 * there is nothing to release.
 */
export const lifecycleDefinition = ({ functionArn, partition }: Wiring): Definition => {
  const invoke = `arn:${partition}:states:::lambda:invoke`
  const task = (payload: State) => ({
    Type: 'Task',
    Parameters: { FunctionName: functionArn, Payload: { 'session.$': '$.session', ...payload } },
    Next: 'Next',
  })
  const call = (step: string, { seconds, retries }: { seconds: number; retries: number }, failed: string, more: State = {}) => ({
    ...task({ step, ...more }),
    Resource: invoke,
    OutputPath: '$.Payload',
    TimeoutSeconds: seconds,
    Retry: retry(retries),
    Catch: [onError(failed, 'States.ALL')],
  })
  /** A call that never came through ends its attempt: the record must say so before it is released. */
  const givenUp = (step: 'place' | 'launch') =>
    call('release', PLAN.release, 'Pause', { failed: { step, 'error.$': '$.failure.Error' } })
  /** Waits for a fact. The time is over: look at the record. Silence: ask compute whether the machine is there. */
  const wait = (state: 'Boot' | 'Run' | 'Turn', heartbeatSeconds?: number) => ({
    ...task({
      step: 'listen',
      wait: { for: state, 'token.$': '$$.Task.Token', 'seconds.$': '$.seconds' },
    }),
    Resource: `${invoke}.waitForTaskToken`,
    TimeoutSecondsPath: '$.seconds',
    ...(heartbeatSeconds !== undefined && { HeartbeatSeconds: heartbeatSeconds }),
    Retry: [{ ErrorEquals: ['States.HeartbeatTimeout', 'States.Timeout'], MaxAttempts: 0 }, ...retry(PLAN.place.retries)],
    Catch: [
      ...(heartbeatSeconds === undefined ? [] : [onError('Find', 'States.HeartbeatTimeout')]),
      // Whatever the record says by then, the call itself looks at it first.
      onError(state === 'Turn' ? 'Launch' : 'Look', 'States.Timeout'),
      onError('Pause', 'States.ALL'),
    ],
  })
  const { heartbeatSeconds } = PLAN.run
  const to = (Next: string) => ({ Variable: '$.next', StringEquals: Next, Next })
  const asking = { seconds: PLAN.place.seconds, retries: PLAN.launch.retries }

  return {
    Comment: 'One session of remote, from request to released machine',
    StartAt: 'Place',
    States: {
      Place: call('place', PLAN.place, 'PlaceFailed'),
      PlaceFailed: givenUp('place'),
      Launch: call('launch', PLAN.launch, 'LaunchFailed'),
      LaunchFailed: givenUp('launch'),
      /** Others are launched first: woken when the session is to end meanwhile. */
      Turn: wait('Turn'),
      Boot: wait('Boot'),
      Run: wait('Run', heartbeatSeconds),
      /** The last of a run: a heartbeat must be shorter than the time that is left. */
      RunOut: wait('Run'),
      Find: call('find', asking, 'Pause'),
      Look: call('look', PLAN.release, 'Pause'),
      Release: call('release', PLAN.release, 'Pause'),
      Pause: { Type: 'Wait', Seconds: PAUSE_SECONDS, Next: 'Release' },
      Later: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Look' },
      Next: {
        Type: 'Choice',
        Choices: [
          ...['Place', 'Launch', 'Boot'].map(to),
          {
            And: [
              { Variable: '$.next', StringEquals: 'Run' },
              { Variable: '$.seconds', NumericLessThanEquals: heartbeatSeconds },
            ],
            Next: 'RunOut',
          },
          ...['Run', 'Find', 'Release', 'Later', 'Turn', 'Ended'].map(to),
        ],
        Default: 'Pause',
      },
      Ended: { Type: 'Succeed' },
    },
  }
}
