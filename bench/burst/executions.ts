import type { MoveName } from '../../core/lifecycle/next-move.ts'
import { SLOWEST_RETRY_SECONDS } from '../../core/lifecycle/plan.ts'
import { lifecycleDefinition } from '../../infra/lifecycle-definition.ts'
import type { Answer, Callbacks } from '../../lambdas/aws/callbacks.ts'
import type { StepEvent } from '../../lambdas/aws/take-step.ts'
import type { Functions } from './functions.ts'
import type { VirtualTime } from './virtual-time.ts'

type Take = (event: StepEvent) => Promise<Answer>
type Parts = { time: VirtualTime; functions: Functions; random: () => number }
type Waiting = 'Boot' | 'Run' | 'Turn'
type Rule = { ErrorEquals: string[]; MaxAttempts: number; MaxDelaySeconds?: number }

const { States } = lifecycleDefinition({ functionArn: 'step', partition: 'aws' })
const rulesOf = (state: string) => (States[state]?.['Retry'] ?? []) as Rule[]
const isWait = (next: MoveName): next is Waiting => next === 'Boot' || next === 'Run' || next === 'Turn'

/** Executions of the generated state machine: its own rules of what is tried again, its waits by callback. A retry is billed as a transition. */
export const openExecutions = ({ time, functions, random }: Parts) => {
  const waiting = new Map<string, (answer: Answer | 'timeout') => void>()
  const count = { transitions: 0, ended: 0 }
  let tokens = 0
  let take: Take | undefined

  const callbacks: Callbacks = {
    succeed: async (token, answer) => {
      waiting.get(token)?.(answer)
      return waiting.delete(token)
    },
    beat: async (token) => waiting.has(token),
  }

  /** The first rule that fits decides, and each has a count of its own; in full jitter. */
  const call = async (state: string, event: StepEvent): Promise<Answer> => {
    const tries = new Map<Rule, number>()
    for (;;) {
      try {
        return await functions.invoke(event.step, async () => {
          if (!take) throw new Error('nothing is deployed')
          return take(event)
        })
      } catch (error) {
        const name = error instanceof Error ? error.name : 'Error'
        const rule = rulesOf(state).find(({ ErrorEquals: all }) => all.includes(name) || all.includes('States.ALL'))
        const tried = (rule && tries.get(rule)) ?? 0
        if (!rule || tried >= rule.MaxAttempts) throw error
        tries.set(rule, tried + 1)
        count.transitions += 1
        await time.sleep(random() * Math.min(rule.MaxDelaySeconds ?? SLOWEST_RETRY_SECONDS, 2 ** tried) * 1000)
      }
    }
  }

  const wait = async (session: string, state: Waiting, seconds: number): Promise<Answer> => {
    const token = `t${++tokens}`
    const { promise, resolve } = Promise.withResolvers<Answer | 'timeout'>()
    waiting.set(token, resolve)
    time.at(time.now() + seconds * 1000, () => resolve('timeout'))
    await call(state, { session, step: 'listen', wait: { for: state, token, seconds } })
    const answer = await promise
    waiting.delete(token)
    if (answer !== 'timeout') return answer
    count.transitions += 1
    return state === 'Turn' ? call('Launch', { session, step: 'launch' }) : call('Look', { session, step: 'look' })
  }

  const pause = async (session: string): Promise<Answer> => {
    await time.sleep(SLOWEST_RETRY_SECONDS * 1000)
    return { session, next: 'Release', seconds: 1 }
  }

  const step = async ({ session, next, seconds }: Answer): Promise<Answer> => {
    if (isWait(next)) return wait(session, next, seconds)
    if (next === 'Later') {
      await time.sleep(seconds * 1000)
      count.transitions += 1
      return call('Look', { session, step: 'look' })
    }
    const name = next.toLowerCase() as 'place' | 'launch' | 'find' | 'release'
    try {
      return await call(next, { session, step: name })
    } catch (error) {
      if (name !== 'place' && name !== 'launch') return pause(session)
      const failed = { step: name, error: error instanceof Error ? error.name : 'Error' }
      return call(`${next}Failed`, { session, step: 'release', failed })
    }
  }

  return {
    callbacks,
    count,
    deploy: (function_: Take) => {
      take = function_
    },
    start: async (session: string) => {
      let at: Answer = { session, next: 'Place', seconds: 1 }
      // Each state, and the choice after it.
      for (; at.next !== 'Ended'; at = await step(at).catch(() => pause(session))) count.transitions += 2
      count.transitions += 1
      count.ended += 1
    },
  }
}
