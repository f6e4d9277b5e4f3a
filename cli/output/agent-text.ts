import type { EventHead } from '../../core/contract/events.ts'
import { shownMoney } from '../values/money.ts'
import { diffText } from './diff-text.ts'
import { oneLine, printable } from './printable.ts'
import type { Style } from './style.ts'
import { cut } from './table.ts'

type Tool = Extract<EventHead, { type: 'tool' }>

const MARKS = { pending: '▸', in_progress: '▸', completed: '●', failed: '✗' } as const
const PLAN_MARKS: Record<string, string> = { completed: '[x]', in_progress: '[~]' }
const MAX_OUTPUT_LINES = 12

const indented = (text: string, by: string) => text.replace(/^(?=.)/gm, by)

const outputText = (output: string | undefined, { dim }: Style): string => {
  const lines = printable(output ?? '')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
  const more = lines.length - MAX_OUTPUT_LINES
  const shown = more > 0 ? [...lines.slice(0, MAX_OUTPUT_LINES), `… ${more} more lines`] : lines
  return shown.map((line) => `${dim(`  │ ${line}`)}\n`).join('')
}

/** Line breaks stay outside of the colour: what ends with one is at the start of a line. */
const painted = (paint: (text: string) => string, text: string) => text.replace(/[^\n]+/g, (line) => paint(line))

const tokens = (count: number) => (count < 1000 ? `${count}` : `${(count / 1000).toFixed(1)}k`)

/**
 * Turns an agent's events into text. A tool call comes in several events: its title is shown when it begins, and again when it is over
 * if something else was shown meanwhile.
 */
export const agentText = (style: Style, width: () => number): ((head: EventHead, atLineStart: boolean) => string) => {
  const tools = new Map<string, Tool>()
  let lastTool: string | undefined
  let lastUsage = ''
  let speaking: string | undefined

  const toolText = (change: Tool): string => {
    const before = tools.get(change.id)
    const tool = { ...before, ...change }
    tools.set(change.id, tool)
    const status = tool.status ?? 'pending'
    const isOver = status === 'completed' || status === 'failed'
    if (isOver) tools.delete(change.id)
    const colour = status === 'failed' ? style.red : isOver ? style.green : style.yellow
    const title = cut(oneLine(tool.title ?? tool.id), Math.max(20, width() - 20))
    const headline = `${colour(MARKS[status])} ${style.bold(oneLine(tool.kind ?? 'tool'))} ${title}\n`
    if (!isOver) return before?.title === tool.title && before !== undefined ? '' : headline
    const isBelow = lastTool === tool.id && before?.title === tool.title
    const diffs = (tool.diff ?? []).map((diff) => diffText(diff, style)).join('')
    const details = diffs + (diffs === '' ? outputText(tool.output, style) : '')
    if (!isBelow) return headline + details
    return details + (status === 'failed' ? `${style.red('  ✗ failed')}\n` : '')
  }

  const usageText = (head: Extract<EventHead, { type: 'usage' }>): string => {
    const text = `${style.dim(`  ${tokens(head.inputTokens)} tokens in, ${tokens(head.outputTokens)} out, ${shownMoney(head.costUsd)}`)}\n`
    const isSame = text === lastUsage
    lastUsage = text
    return isSame ? '' : text
  }

  const blockOf = (head: EventHead): string => {
    switch (head.type) {
      case 'tool':
        return toolText(head)
      case 'plan':
        return `${style.bold('plan')}\n${head.entries.map(({ text, status }) => `  ${PLAN_MARKS[status] ?? '[ ]'} ${status === 'completed' ? style.dim(oneLine(text)) : oneLine(text)}\n`).join('')}`
      case 'permission':
        return `${style.yellow('?')} ${style.bold('permission')} ${oneLine(head.title)}\n${head.options.map(({ name, id }) => `    ${oneLine(name)} ${style.dim(`(${oneLine(id)})`)}\n`).join('')}`
      case 'answer':
        return `${style.dim(`  answered by ${oneLine(head.by)}: ${oneLine(head.option)}`)}\n`
      case 'usage':
        return usageText(head)
      case 'git':
        return `${style.dim(`  commit ${head.commit.slice(0, 10)}: ${head.files} ${head.files === 1 ? 'file' : 'files'}`)}\n`
      case 'notice':
        return `${head.level === 'error' ? style.red('remote:') : head.level === 'warn' ? style.yellow('remote:') : style.dim('remote:')} ${printable(head.text).trimEnd()}\n`
      case 'gap':
        return `${style.yellow('remote:')} what came after ${head.from}${head.to ? ` up to ${head.to}` : ''} is not in the record: ${oneLine(head.why)}\n`
      case 'port':
        return `${style.dim(`  listens on port ${head.number}`)}\n`
      default:
        return ''
    }
  }

  const spoken = (head: EventHead): { by: string; text: string } | undefined => {
    if (head.type === 'thought') return { by: 'thought', text: painted(style.dim, printable(head.text)) }
    if (head.type !== 'message') return undefined
    return head.role === 'user'
      ? { by: 'user', text: `${painted(style.cyan, indented(printable(head.text), '> '))}\n` }
      : { by: 'agent', text: printable(head.text) }
  }

  return (head, atLineStart) => {
    const speech = spoken(head)
    // Speech comes in pieces of a line; anything else begins a line of its own.
    if (speech) {
      const isSame = speech.by === speaking
      speaking = speech.by
      lastTool = undefined
      return (isSame || atLineStart ? '' : '\n') + speech.text
    }
    const block = blockOf(head)
    if (block === '') return ''
    speaking = undefined
    lastTool = head.type === 'tool' ? head.id : undefined
    return (atLineStart ? '' : '\n') + block
  }
}
