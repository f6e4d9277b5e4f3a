import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const PROGRAM = fileURLToPath(new URL('../dist/remote.cjs', import.meta.url))
export const NODE = process.execPath

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Milliseconds from the start of a process to the end of it and its output. Throws when it fails. */
export const timed = async (command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> => {
  const from = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let errors = ''
  child.stdout?.resume()
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors}`)
  return performance.now() - from
}

/** Medians of cases run in turn, so that whatever else the machine does falls on all of them. The first round only warms up. */
export const interleaved = async <Name extends string>(
  rounds: number,
  cases: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number>> => {
  const names = Object.keys(cases) as Name[]
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const value = await cases[name]()
      if (round > 0) taken[name].push(value)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<Name, number>
}

export const emptyNode = (): Promise<number> => timed(NODE, ['-e', '0'])
