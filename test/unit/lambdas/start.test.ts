import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:([^;'"]*?)\s+from\s+)?'([^']+)'/gm
const isOfTypes = (names: string) =>
  /^\{[^}]*\}$/.test(names) &&
  names
    .slice(1, -1)
    .split(',')
    .every((name) => /^\s*(type\s|$)/.test(name))

/** All that an entry loads before its first call: each package with the file that wants it. */
const loadedBy = (entry: string): Map<string, string> => {
  const packages = new Map<string, string>()
  const seen = new Set([resolve(root, entry)])
  for (const file of seen) {
    for (const [, names = '', from = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (isOfTypes(names)) continue
      if (from.startsWith('.')) seen.add(resolve(dirname(file), from))
      else if (!packages.has(from)) packages.set(from, relative(root, file))
    }
  }
  return packages
}

it('the API’s function loads no schema and no client of the SDK before the first call that needs one', () => {
  const loaded = loadedBy('lambdas/http.ts')
  expect(loaded.has('hono')).toBe(true)
  const heavy = [...loaded].filter(([name]) => name === 'zod' || name.startsWith('@aws-sdk/client-'))
  expect(heavy).toEqual([])
})
