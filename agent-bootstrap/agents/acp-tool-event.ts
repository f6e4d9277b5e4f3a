import type { ToolCall, ToolCallContent, ToolCallUpdate } from '@agentclientprotocol/sdk'
import type { EventBody } from '../../core/contract/events.ts'

type ToolEvent = Extract<EventBody, { type: 'tool' }>

/** A log is read by people; whole files belong to the result. */
const MAX_TEXT_CHARACTERS = 64_000
const MAX_INPUT_CHARACTERS = 16_000
/** With these, no event comes near the longest record that a reader takes. */
const MAX_DIFFS = 20
const MAX_LOCATIONS = 100

const shortened = (text: string): string =>
  text.length <= MAX_TEXT_CHARACTERS
    ? text
    : `${text.slice(0, MAX_TEXT_CHARACTERS)}\n… ${text.length - MAX_TEXT_CHARACTERS} more characters`

/** Paths below the working directory are told relative to it: where that lies is our affair. */
const relativeTo = (cwd: string) => (text: string) => text.replaceAll(`${cwd}/`, '')

const inputOf = (raw: unknown): unknown => {
  if (raw === undefined || raw === null || (typeof raw === 'object' && Object.keys(raw).length === 0)) return undefined
  const size = JSON.stringify(raw).length
  return size <= MAX_INPUT_CHARACTERS ? raw : { omitted: `${size} characters` }
}

/** Agents fence what a command printed, for editors that render Markdown. */
const unfenced = (text: string): string => /^(`{3,})[a-z]*\n([\s\S]*?)\n?\1$/.exec(text.trim())?.[2] ?? text

const textOf = (content: readonly ToolCallContent[]): string | undefined => {
  const texts = content.flatMap((part) =>
    part.type === 'content' && part.content.type === 'text' ? [unfenced(part.content.text)] : [],
  )
  return texts.length === 0 ? undefined : texts.join('\n')
}

/** Translates what an agent says about a tool call; undefined when it says nothing that was not said before. */
export const openToolEvents = (cwd: string, hide: (text: string) => string = (text) => text) => {
  const known = new Map<string, Record<string, string>>()
  const relative = relativeTo(cwd)
  // Hidden before it is cut: half a secret could not be recognised any more.
  const shown = (text: string) => (text.length <= MAX_TEXT_CHARACTERS ? text : shortened(hide(text)))

  const fieldsOf = (update: ToolCall | ToolCallUpdate): Omit<ToolEvent, 'type' | 'id'> => {
    const content = update.content ?? []
    const diff = content.slice(0, MAX_DIFFS).flatMap((part) => {
      if (part.type !== 'diff') return []
      const before = typeof part.oldText === 'string' ? { before: shown(part.oldText) } : {}
      return [{ path: relative(part.path), ...before, after: shown(part.newText) }]
    })
    const locations = (update.locations ?? []).slice(0, MAX_LOCATIONS).map(({ path, line }) => ({
      path: relative(path),
      ...(typeof line === 'number' && { line }),
    }))
    const said = textOf(content) ?? (typeof update.rawOutput === 'string' ? update.rawOutput : undefined)
    const output = said === undefined ? undefined : shown(said)
    const input = diff.length > 0 ? undefined : inputOf(update.rawInput)
    return {
      ...(update.title && { title: shown(relative(update.title)) }),
      ...(update.kind && { kind: update.kind }),
      ...(update.status && { status: update.status }),
      ...(input !== undefined && { input }),
      ...(output !== undefined && { output }),
      ...(diff.length > 0 && { diff }),
      ...(locations.length > 0 && { locations }),
    }
  }

  return (update: ToolCall | ToolCallUpdate): ToolEvent | undefined => {
    const before = known.get(update.toolCallId) ?? {}
    const fields = Object.entries(fieldsOf(update)).filter(([name, value]) => before[name] !== JSON.stringify(value))
    if (fields.length === 0) return undefined
    known.set(update.toolCallId, {
      ...before,
      ...Object.fromEntries(fields.map(([name, value]) => [name, JSON.stringify(value)])),
    })
    return { type: 'tool', id: update.toolCallId, ...Object.fromEntries(fields) }
  }
}
