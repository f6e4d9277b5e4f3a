import type { PromptResponse, UsageUpdate } from '@agentclientprotocol/sdk'
import type { Usage } from '../../core/contract/outcome.ts'

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0)

/**
 * Usage since the session's start. An agent counts its cost from the start of its process (or its process's session), so each
 * process's figure is added to what was known when it began; tokens are told per turn.
 */
export const openUsage = (before: Usage) => {
  let total: Usage = { ...before }
  let processCostUsd = 0
  const onCost = (costUsd: number) => {
    // A figure that shrinks is a new count, not money back.
    total = { ...total, costUsd: total.costUsd + (costUsd >= processCostUsd ? costUsd - processCostUsd : costUsd) }
    processCostUsd = costUsd
  }
  return {
    total: (): Usage => total,
    /** Another process: it counts from `costUsd`. */
    onProcess: (costUsd: number) => {
      processCostUsd = costUsd
    },
    /** True when the figure changed. Costs in other currencies are not known to us. */
    onUpdate: ({ cost }: UsageUpdate): boolean => {
      if (cost?.currency !== 'USD' || count(cost.amount) === processCostUsd) return false
      onCost(count(cost.amount))
      return true
    },
    /** Tokens of the turn: everything the model read, cached or not, and everything it wrote. */
    onTurnEnd: (response: PromptResponse): boolean => {
      // Not in the stable protocol yet; agents send it already.
      const usage = 'usage' in response && typeof response.usage === 'object' && response.usage !== null ? response.usage : {}
      const told = new Map(Object.entries(usage))
      const input = count(told.get('inputTokens')) + count(told.get('cachedReadTokens')) + count(told.get('cachedWriteTokens'))
      const output = count(told.get('outputTokens'))
      total = { ...total, inputTokens: total.inputTokens + input, outputTokens: total.outputTokens + output }
      return input + output > 0
    },
  }
}
export type UsageCount = ReturnType<typeof openUsage>
