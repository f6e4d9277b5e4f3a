import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const nameOf = (setting: string) => setting.slice(0, setting.indexOf('='))

const parsed = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Settings that stand in the checkout's own cdk.json: those are the user's to change there. */
const ofCheckout = (root: string): string[] => {
  const file = join(root, 'cdk.json')
  const context = existsSync(file) ? parsed(readFileSync(file, 'utf8'))['context'] : undefined
  return Object.keys(context ?? {}).map((name) => name.replace(/^remote\./, ''))
}

/**
 * What the stack was deployed with (its output `Settings`), but for what is given anew: deployed without them it would go back to
 * defaults, and a network that changes is a new network. `NAME=` gives a setting up.
 */
export const keptSettings = (before: string | undefined, given: readonly string[], root: string): string[] => {
  const anew = new Set([...given.map(nameOf), ...ofCheckout(root)])
  return Object.entries(parsed(before ?? '{}')).flatMap(([name, value]) =>
    typeof value === 'string' && !anew.has(name) ? [`${name}=${value}`] : [],
  )
}

/** As the CDK takes them. */
export const allSettings = (kept: readonly string[], given: readonly string[]): string[] => [
  ...kept,
  ...given.filter((setting) => !setting.endsWith('=')),
]
