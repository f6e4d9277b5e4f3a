import { SPEND_BY } from '../../core/contract/spend-by.ts'
import { JSON_FLAG, ON_FLAG, QUIET_FLAG, type Verb } from './verb.ts'

const BUDGET_ABOUT =
  'A day is one of UTC. When its budget is spent, new sessions are refused until the next, and those under way go on; commands on this machine (--agent shell) cost nothing and always run. In AWS it is $10 until you change it, here there is none.'

export const MONEY_VERBS: readonly Verb[] = [
  {
    name: 'spend',
    group: 'money',
    summary: 'what was spent, here and in the cloud',
    about:
      'Of sessions that have ended, what they cost; of those under way (~) the estimate so far. Machines are counted by the second, at the price they were launched at; their disk, public address, our own calls and the agent’s tokens stand apart. Days are those of UTC. --breakeven compares the cloud’s share without tokens, as a month, with buying a machine.',
    args: [],
    flags: [
      { name: 'by', type: 'string', value: 'WHAT', summary: 'one line for each (session)', choices: SPEND_BY },
      { name: 'since', type: 'duration', value: 'D', summary: 'how far back, in whole days (30d)' },
      { name: 'breakeven', type: 'boolean', summary: 'compare with a machine of your own' },
      { ...ON_FLAG, summary: 'one side alone: local, cloud, cloud:REGION' },
      JSON_FLAG,
      QUIET_FLAG,
    ],
    examples: [
      ['remote spend', 'the last 30 days, session by session'],
      ['remote spend --by day --since 7d', 'a week, day by day'],
      ['remote spend --breakeven', 'would a machine of your own be cheaper?'],
    ],
    load: async () => (await import('../commands/spend.ts')).spend,
  },
  {
    name: 'budget',
    group: 'money',
    summary: 'the daily budget, and what is left of it',
    about: BUDGET_ABOUT,
    args: [],
    flags: [{ name: 'timeline', type: 'boolean', summary: 'who changed it, and when' }, ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [
      ['remote budget', 'today’s'],
      ['remote budget --timeline', 'who changed it'],
    ],
    load: async () => (await import('../commands/budget.ts')).budget,
  },
  {
    name: 'budget set',
    group: 'money',
    summary: 'change the daily budget',
    about: BUDGET_ABOUT,
    args: [],
    flags: [{ name: 'daily', type: 'string', value: 'USD', summary: 'dollars a day, or none' }, ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [
      ['remote budget set --daily 10', 'refuses new sessions when $10 are spent'],
      ['remote budget set --daily none', 'no limit'],
    ],
    load: async () => (await import('../commands/budget.ts')).budgetSet,
  },
  {
    name: 'catalogue',
    group: 'money',
    summary: 'machines of the cloud and what they cost',
    args: [],
    flags: [ON_FLAG, JSON_FLAG, QUIET_FLAG],
    examples: [['remote catalogue', 'CPUs, memory, price by the hour, spot, and of when the prices are']],
    load: async () => (await import('../commands/catalogue.ts')).catalogue,
  },
]
