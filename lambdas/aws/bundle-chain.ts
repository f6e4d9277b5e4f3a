/** What is known of a bundle that holds a commit. */
export type Held = { sha256: string; bytes: number; needs: readonly string[] }

type Holders<Bundle> = ReadonlyMap<string, readonly Bundle[]>

/** In how many rounds each commit can be had: in the first round what needs nothing, in each later one what needs those before. */
const roundsOf = (holders: Holders<Held>): Map<string, number> => {
  const rounds = new Map<string, number>()
  for (let round = 1; ; round += 1) {
    const ready = [...holders].filter(
      ([commit, held]) => !rounds.has(commit) && held.some(({ needs }) => needs.every((need) => rounds.has(need))),
    )
    if (ready.length === 0) return rounds
    for (const [commit] of ready) rounds.set(commit, round)
  }
}

/**
 * Bundles that together hold `commit`, needs before what needs them; undefined when something is missing. `holders` has, for each
 * commit, the bundles whose tip it is, the one to be preferred first. Bundles may need one another in circles.
 */
export const bundleChain = <Bundle extends Held>(commit: string, holders: Holders<Bundle>): Bundle[] | undefined => {
  const rounds = roundsOf(holders)
  const found = new Map<string, Bundle>()
  const seen = new Set<string>()

  const collect = (wanted: string) => {
    if (seen.has(wanted)) return
    seen.add(wanted)
    const round = rounds.get(wanted) ?? 0
    const isEarlier = (need: string) => (rounds.get(need) ?? round) < round
    const holder = holders.get(wanted)?.find(({ needs }) => needs.every(isEarlier))
    for (const need of holder?.needs ?? []) collect(need)
    if (holder) found.set(holder.sha256, holder)
  }

  if (!rounds.has(commit)) return undefined
  collect(commit)
  return [...found.values()]
}
