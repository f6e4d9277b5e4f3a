import type { Definition } from '../../infra/lifecycle-definition.ts'

type Json = Record<string, unknown>
type Catcher = { ErrorEquals: string[]; Next: string; ResultPath: string }
type Retrier = { ErrorEquals: string[]; MaxAttempts: number }
type Rule = { And?: Rule[]; Variable: string; StringEquals?: string; NumericLessThanEquals?: number; Next: string }
export type State = {
  Type: string
  Next: string
  Resource: string
  Parameters: { Payload: Json }
  Choices: Rule[]
  Default: string
  Catch: Catcher[]
  Retry: Retrier[]
}

export const stateOf = ({ States }: Definition, name: string): State => {
  const state = States[name]
  if (!state) throw new Error(`there is no state ${name}`)
  return state as State
}

const TOKEN = 'a-task-token'
const pathOf = (path: string, input: Json): unknown => {
  if (path === '$$.Task.Token') return TOKEN
  return path
    .replace(/^\$\.?/, '')
    .split('.')
    .reduce<unknown>((at, key) => (at as Json)[key], input)
}

/** What a state calls the function with. */
export const payloadOf = (state: State, input: Json): Json => {
  const fill = (template: Json): Json =>
    Object.fromEntries(
      Object.entries(template).map(([key, value]) => {
        if (key.endsWith('.$')) return [key.slice(0, -2), pathOf(String(value), input)]
        return [key, typeof value === 'object' && value !== null ? fill(value as Json) : value]
      }),
    )
  return fill(state.Parameters.Payload)
}

const holds = (rule: Rule, input: Json): boolean => {
  if (rule.And) return rule.And.every((one) => holds(one, input))
  const value = pathOf(rule.Variable, input)
  if (rule.StringEquals !== undefined) return value === rule.StringEquals
  return rule.NumericLessThanEquals !== undefined && Number(value) <= rule.NumericLessThanEquals
}

const isFor = (names: readonly string[], error: string) =>
  names.includes(error) ||
  names.includes('States.ALL') ||
  (error === 'States.HeartbeatTimeout' && names.includes('States.Timeout'))

export const choiceOf = (state: State, input: Json): string =>
  state.Choices.find((rule) => holds(rule, input))?.Next ?? state.Default

/** The answer of a called state, or the error it failed with after its retries. */
export type Called = { answer: Json } | { error: string }

/** Our reading of the states language, as far as it is used: the states one execution enters, until it ends or `most` are entered. */
export const walk = (definition: Definition, input: Json, called: (state: string, payload: Json) => Called, most = 100) => {
  const entered: string[] = []
  let [name, at] = [definition.StartAt, input]
  for (;;) {
    entered.push(name)
    const state = stateOf(definition, name)
    if (state.Type === 'Succeed' || entered.length >= most) return entered
    if (state.Type === 'Choice') name = choiceOf(state, at)
    else if (state.Type === 'Wait') name = state.Next
    else {
      const outcome = called(name, payloadOf(state, at))
      if ('answer' in outcome) [name, at] = [state.Next, outcome.answer]
      else {
        const caught = state.Catch.find(({ ErrorEquals }) => isFor(ErrorEquals, outcome.error))
        if (!caught) return [...entered, `FAILED: ${outcome.error}`]
        ;[name, at] = [caught.Next, { ...at, failure: { Error: outcome.error, Cause: 'why' } }]
      }
    }
  }
}

/** How often a state is tried again after an error. */
export const retriesOf = ({ Retry }: State, error: string): number =>
  Retry.find(({ ErrorEquals }) => isFor(ErrorEquals, error))?.MaxAttempts ?? 0
