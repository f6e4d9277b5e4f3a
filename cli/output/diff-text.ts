import { oneLine, printable } from './printable.ts'
import type { Style } from './style.ts'

type Diff = { path: string; before?: string | undefined; after: string }

const CONTEXT = 2
const MAX_LINES = 60

const linesOf = (text: string | undefined) =>
  text === undefined || text === '' ? [] : printable(text).replace(/\n$/, '').split('\n')

/** What an edit changed: the lines between the common beginning and the common end, with a little around them. */
export const diffText = ({ path, before, after }: Diff, { red, green, dim, bold }: Style): string => {
  const old = linesOf(before)
  const now = linesOf(after)
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1
  let end = 0
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1
  const removed = old.slice(start, old.length - end)
  const added = now.slice(start, now.length - end)
  const lines = [
    ...old.slice(Math.max(0, start - CONTEXT), start).map((line) => dim(`    ${line}`)),
    ...removed.map((line) => red(`  - ${line}`)),
    ...added.map((line) => green(`  + ${line}`)),
    ...old.slice(old.length - end, old.length - end + CONTEXT).map((line) => dim(`    ${line}`)),
  ]
  const more = lines.length - MAX_LINES
  const shown = more > 0 ? [...lines.slice(0, MAX_LINES), dim(`    … ${more} more lines`)] : lines
  return `  ${bold(oneLine(path))} ${green(`+${added.length}`)} ${red(`−${removed.length}`)}\n${shown.map((line) => `${line}\n`).join('')}`
}
