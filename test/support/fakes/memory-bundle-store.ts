import { createHash } from 'node:crypto'
import { RemoteError } from '../../../core/contract/remote-error.ts'
import { type BundleFacts, bundleHeaders } from '../../../core/contract/repository.ts'
import type { BundleStore } from '../../../core/ports/bundle-store.ts'

type Stored = { sha256: string; bytes: Uint8Array<ArrayBuffer>; facts: BundleFacts }

export const memoryBundleStore = (): BundleStore => {
  const bundles = new Map<string, Stored>()
  const url = (sha256: string) => `/v1/bundles/${sha256}`

  /** Needs before what needs them; undefined when something is missing. */
  const chain = (repository: string, commit: string, open: readonly string[]): Stored[] | undefined => {
    if (open.includes(commit)) return undefined
    const holders = [...bundles.values()]
      .reverse()
      .filter(({ facts }) => facts.repository === repository && facts.tips.includes(commit))
    for (const holder of holders) {
      const needed = holder.facts.needs.map((need) => chain(repository, need, [...open, commit]))
      const whole = needed.flatMap((part) => part ?? [])
      if (needed.every((part) => part !== undefined)) return [...new Set([...whole, holder])]
    }
    return undefined
  }

  return {
    put: async (sha256, stream, facts) => {
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new RemoteError('bad_request', 'the bundle arrived with another SHA-256', { hint: 'send it again' })
      }
      bundles.delete(sha256)
      bundles.set(sha256, { sha256, bytes, facts: structuredClone(facts) })
    },
    get: async (sha256) => {
      const found = bundles.get(sha256)
      return found && { bytes: found.bytes.length, body: new Blob([found.bytes]).stream() }
    },
    tips: async (repository, limit) => {
      const newest = [...bundles.values()].reverse().filter(({ facts }) => facts.repository === repository)
      return [...new Set(newest.flatMap(({ facts }) => facts.tips))].slice(0, limit)
    },
    chain: async (repository, commit) =>
      chain(repository, commit, [])?.map(({ sha256, bytes }) => ({ sha256, bytes: bytes.length, url: url(sha256) })),
    upload: async (sha256, { facts }) => ({ url: url(sha256), headers: bundleHeaders(facts) }),
    stored: async (sha256) => {
      if (!bundles.has(sha256)) throw new RemoteError('bad_request', 'the bundle has not arrived', { hint: 'send it' })
    },
    start: async () => undefined,
    url: async () => undefined,
  }
}
