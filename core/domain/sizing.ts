import { type InstanceType, instanceType, USUAL_TYPES } from './catalogue.ts'

type Rule = { words: RegExp; instance: string; because: string }

/** The first rule whose words occur decides: the heaviest kind of work first, since "fix typo, then train" trains. */
const RULES: readonly Rule[] = [
  {
    words: /\b(ml|pipeline|train(ing)?|model|gpu|embeddings?|benchmark)\b/i,
    instance: 'm6i.8xlarge',
    because: 'data and model work',
  },
  {
    words: /\b(full|whole|entire|all|massive)\b.{0,60}\b(tests?|suite|integration|build)\b/i,
    instance: 'm6i.2xlarge',
    because: 'a whole test suite or build',
  },
  { words: /\b(refactor|migrate|migration|monorepo|rewrite)\b/i, instance: 'm6i.2xlarge', because: 'a large change' },
  { words: /\b(tests?|suite|integration|e2e|build|compile)\b/i, instance: 'm6i.xlarge', because: 'tests or a build' },
  {
    words: /\b(typo|readme|docs?|documentation|comment|spelling|changelog)\b/i,
    instance: 't3.small',
    because: 'a small text change',
  },
]
const USUAL = 't3.medium'
/** What a task is about is said early; a pasted log below it says nothing, and must not cost time. */
const READ_CHARACTERS = 4000
/** A checkout, its history and what is built of it want to stay in memory. */
const LARGE_REPOSITORY_BYTES = 2 * 1024 ** 3

export type Size = { type: InstanceType; reason: string }

const named = (name: string): InstanceType => {
  const type = instanceType(name)
  if (!type) throw new Error(`${name} is not in the catalogue`)
  return type
}

/** The type a task needs, and why in words. An explicit type wins; the caller has checked that it exists. */
export const sizeFor = (ask: { task: string; instance?: string | undefined; repositoryBytes?: number | undefined }): Size => {
  if (ask.instance !== undefined) return { type: named(ask.instance), reason: `you asked for ${ask.instance}` }
  const task = ask.task.slice(0, READ_CHARACTERS)
  const rule = RULES.find(({ words }) => words.test(task))
  const found = rule?.words.exec(task)?.[0]
  const bySaying = rule && found ? `"${found}" sounds like ${rule.because}` : 'nothing in the task says that it is small or heavy'
  const type = named(rule?.instance ?? USUAL)
  if ((ask.repositoryBytes ?? 0) <= LARGE_REPOSITORY_BYTES || type.memoryGb >= 16) return { type, reason: bySaying }
  const larger = USUAL_TYPES.find((candidate) => candidate.memoryGb >= 16) ?? type
  return { type: larger, reason: `${bySaying}, and the repository is over 2 GB` }
}
