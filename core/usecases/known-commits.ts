import type { Ports } from '../ports/ports.ts'

const MAX_TIPS = 64

/** Commits of a repository that need not be sent again, newest first. */
export const knownCommits =
  ({ bundles }: Pick<Ports, 'bundles'>) =>
  async (repository: string) => ({ commits: await bundles.tips(repository, MAX_TIPS) })
