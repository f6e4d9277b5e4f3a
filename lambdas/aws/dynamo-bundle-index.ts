import type { BundleFacts } from '../../core/contract/repository.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Held } from './bundle-chain.ts'
import { type Item, type Key, N, number, openTable, S, type TableOptions, text } from './dynamo-table.ts'

/** `key`: of its object. `until`: how long it is kept, in seconds since 1970. */
export type StoredBundle = Held & { key: string; until: number }
/** What a tip stands on: how long all of it is kept, and how many bundles lie upon one another. */
export type Ground = { until: number; depth: number }
/** `claimed`: that it holds the commit is a machine's word alone. */
export type Holder = StoredBundle & Ground & { claimed: boolean }

export interface BundleIndex {
  /** Counts on a bundle from now on. May be repeated. */
  record(bundle: StoredBundle): Promise<void>
  /**
   * Sent again means wanted again: its tips become the newest. `claimed`: a machine says so, which changes nothing that a person said and is
   * never offered to be built on. May be repeated.
   */
  recordTips(bundle: StoredBundle, facts: BundleFacts, ground: Ground, claimed: boolean): Promise<void>
  get(sha256: string): Promise<StoredBundle | undefined>
  /** Those that can be built on for some time yet, without a machine having to fetch ever more bundles. */
  tips(repository: string, limit: number): Promise<string[]>
  /** For each of the commits, the bundles whose tip it is, newest first; what machines claim comes last, the first of them first. */
  holders(repository: string, commits: readonly string[]): Promise<Map<string, Holder[]>>
}

/** A session that is dispatched now may have to fetch its snapshot again later. */
const MARGIN_SECONDS = 12 * 3600
/** Whoever sends more often than that within the time that bundles are kept sends more at once again. */
const MOST_DEPTH = 24

const bundleKey = (sha256: string): Key => ({ pk: `B#${sha256}`, sk: 'bundle' })
const tipsOf = (repository: string) => `R#${repository}`
const shaOfTip = (item: Item) => text(item['sk']).split('#')[2] ?? ''
const commitOfTip = (item: Item) => text(item['sk']).split('#')[1] ?? ''

const bundleOf = (item: Item): StoredBundle => ({
  sha256: text(item['pk']).slice('B#'.length),
  bytes: number(item['bytes']),
  key: text(item['key']),
  needs: JSON.parse(text(item['needs'])) as string[],
  until: number(item['expires']),
})

/**
 * Items `B#<sha256>` / `bundle` and, to be found by commit, `R#<repository>` / `tip#<commit>#<sha256>`; the index `list` has the
 * latter in order of time.
 */
export const openDynamoBundleIndex = ({ clock, ...options }: TableOptions & { clock: Clock }): BundleIndex => {
  const table = openTable(options)

  const tipItem = (
    bundle: StoredBundle,
    repository: string,
    commit: string,
    { until, depth }: Ground,
    claimed: boolean,
  ): Item => {
    const at = new Date(clock.now()).toISOString()
    // What is not in the index is offered to nobody: a machine could claim what it does not have, and others would not send it.
    const order = claimed ? { claimed: S('by a machine') } : { listPk: S(tipsOf(repository)), listSk: S(`${at}#${commit}`) }
    const sk = S(`tip#${commit}#${bundle.sha256}`)
    const ground = { until: N(until), depth: N(depth) }
    return { pk: S(tipsOf(repository)), sk, at: S(at), ...order, ...ground, expires: N(bundle.until) }
  }

  return {
    record: async ({ sha256, bytes, key, needs, until }) => {
      const { pk, sk } = bundleKey(sha256)
      const facts = { bytes: N(bytes), key: S(key), needs: S(JSON.stringify(needs)), expires: N(until) }
      await table.put({ put: { pk: S(pk), sk: S(sk), ...facts } })
    },
    recordTips: async (bundle, { repository, tips }, ground, claimed) => {
      const unlessSaid = claimed ? { if: 'attribute_not_exists(pk)' } : {}
      await Promise.all(
        tips.map((commit) => table.put({ put: tipItem(bundle, repository, commit, ground, claimed), ...unlessSaid })),
      )
    },
    get: async (sha256) => {
      const item = await table.get(bundleKey(sha256))
      return item && bundleOf(item)
    },
    tips: async (repository, limit) => {
      const values = { list: S(tipsOf(repository)) }
      // Twice as many: several bundles may have the same tip.
      const items = await table.query({ index: 'list', where: '#listPk = :list', values, newestFirst: true, limit: limit * 2 })
      const soon = clock.now() / 1000 + MARGIN_SECONDS
      const lasting = items.filter((item) => number(item['until']) > soon && number(item['depth']) < MOST_DEPTH)
      return [...new Set(lasting.map(commitOfTip))].slice(0, limit)
    },
    holders: async (repository, commits) => {
      const ofCommit = (commit: string) => {
        const values = { repository: S(tipsOf(repository)), tip: S(`tip#${commit}#`) }
        return table.query({ where: '#pk = :repository AND begins_with(#sk, :tip)', values })
      }
      const tips = (await Promise.all(commits.map(ofCommit))).flat()
      const items = await table.some([...new Set(tips.map(shaOfTip))].map(bundleKey))
      const known = new Map(items.map((item) => [text(item['pk']), bundleOf(item)]))
      const isClaimed = (tip: Item) => tip['claimed'] !== undefined
      const order = (a: Item, b: Item) => (text(a['at']) < text(b['at']) ? -1 : 1)
      const newest = [...tips.filter((tip) => !isClaimed(tip)).sort((a, b) => order(b, a)), ...tips.filter(isClaimed).sort(order)]
      return new Map(
        commits.map((commit) => [
          commit,
          newest
            .filter((tip) => commitOfTip(tip) === commit)
            .flatMap((tip) => {
              const bundle = known.get(`B#${shaOfTip(tip)}`)
              const ground = { until: number(tip['until']), depth: number(tip['depth']) }
              return bundle ? [{ ...bundle, ...ground, claimed: isClaimed(tip) }] : []
            }),
        ]),
      )
    },
  }
}
