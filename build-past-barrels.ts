import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PluginBuild } from 'esbuild'

const IMPORT = /^(import|export) \{([^}]*)\} from ["'](@smithy\/[\w/-]+|@aws-sdk\/core\/[\w-]+)["'];?$/gm
const REEXPORT = /^export \{([^}]*)\} from "([^"]+)";$/gm
/** Of an index: what it imports, some of which it exports without saying from where. */
const IMPORTED = /^import \{([^}]*)\} from "([^"]+)";$/gm
const EXPORTED = /^export \{([^}]*)\};$/gm

type Named = { name: string; as: string }
const named = (list: string): Named[] =>
  list.split(',').flatMap((item) => {
    const [name = '', as = name] = item.trim().split(' as ')
    return name === '' ? [] : [{ name, as }]
  })

/**
 * Names that are imported from one of the SDK's indexes are imported from the files that have them. What is loaded with an entry is
 * decided about by files: an index that another entry takes more from would bring all of that along.
 */
export const pastBarrels = ({ resolve }: PluginBuild) => {
  const read = new Map<string, Promise<string>>()
  const textOf = (path: string) => {
    const text = read.get(path) ?? readFile(path, 'utf8')
    read.set(path, text)
    return text
  }
  const located = async (specifier: string, resolveDir: string) =>
    (await resolve(specifier, { resolveDir, kind: 'import-statement' })).path

  /** The file that has it, and what it is called there. An index itself, for what is made there. */
  const home = async (index: string, name: string): Promise<{ file: string; name: string }> => {
    const text = await textOf(index)
    const passedOn = [...text.matchAll(EXPORTED)].some(([, list = '']) => named(list).some(({ as }) => as === name))
    const all = [...text.matchAll(REEXPORT), ...(passedOn ? text.matchAll(IMPORTED) : [])]
    for (const [, list = '', from = ''] of all) {
      const found = named(list).find(({ as }) => as === name)
      if (found && !from.startsWith('node:')) return home(await located(from, dirname(index)), found.name)
    }
    return { file: index, name }
  }

  /** The module's text, with its imports going past the indexes. */
  return async (path: string, text: string): Promise<string> => {
    let rewritten = text
    for (const [statement, how, list = '', specifier = ''] of text.matchAll(IMPORT)) {
      const index = await located(specifier, dirname(path))
      const values = named(list).filter(({ name }) => !name.startsWith('type '))
      const lines = await Promise.all(
        values.map(async ({ name, as }) => {
          const found = await home(index, name)
          return `${how} { ${found.name} as ${as} } from ${JSON.stringify(found.file)};`
        }),
      )
      rewritten = rewritten.replace(statement, lines.join(' '))
    }
    return rewritten
  }
}
