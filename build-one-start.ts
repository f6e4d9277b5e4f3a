import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const ENTRY = 'index.mjs'
const START = 'start.mjs'
/** As esbuild writes them. */
const STATIC = /\bimport(?:\{([^}]*)\}from)?"\.\/([\w-]+\.mjs)"/g

/** How a name of a chunk is called in the one file that they become. */
const nameIn = (chunk: string, name: string) => `${chunk.replace(/\W/g, '_')}_${name}`

/**
 * What a function loads at its start becomes one file: esbuild gives whatever parts share a file of its own, and each costs half a
 * millisecond to load. Parts that are loaded later take from it what they share, so that there is one of everything.
 */
export const oneStart = async (directory: string): Promise<void> => {
  const files = new Map(
    readdirSync(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')] satisfies [string, string]),
  )
  const importsOf = (file: string) =>
    [...(files.get(file) ?? '').matchAll(STATIC)].map(([, names = '', from = '']) => ({ names, from }))
  const start = new Set([ENTRY])
  for (const file of start) for (const { from } of importsOf(file)) start.add(from)

  const shared = new Map<string, string>()
  const pointed = (statement: string, names: string | undefined, from: string) => {
    if (!start.has(from)) return statement
    if (names === undefined) return `import"./${START}"`
    const taken = names.split(',').map((item) => {
      const [name = '', as = name] = item.split(' as ')
      shared.set(nameIn(from, name), `export{${name} as ${nameIn(from, name)}}from"./${from}";`)
      return `${nameIn(from, name)} as ${as}`
    })
    return `import{${taken.join(',')}}from"./${START}"`
  }
  const pointedAll = (file: string, text: string) => {
    const rewritten = text.replace(STATIC, pointed)
    const left = [...start].find((part) => rewritten.includes(`"./${part}"`))
    if (left !== undefined) throw new Error(`${file} takes from ${left} in a way that is not known here`)
    return rewritten
  }
  const later = [...files].filter(([file]) => !start.has(file)).map(([file, text]) => [file, pointedAll(file, text)] as const)

  await build({
    stdin: { contents: `export{handler}from"./${ENTRY}";${[...shared.values()].join('')}`, resolveDir: directory },
    outfile: join(directory, START),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'later-parts-stay-apart',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\// }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined)),
      },
    ],
  })
  for (const file of start) rmSync(join(directory, file))
  for (const [file, text] of later) writeFileSync(join(directory, file), text)
  // Lambda's runtime may load it under an address of its own, and there must be one of everything.
  writeFileSync(join(directory, ENTRY), `export{handler}from"./${START}";\n`)
}
