import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

export type Baked = {
  /** A runner's archive: found by machines that are told its SHA-256, instead of downloaded. */
  runner?: { file: string; sha256: string }
  /** A data directory's `agents/`, as a runner installed them. */
  agents?: string
}

const COPY = 'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1" && cp -a "$0" "$1"; }'

/** Fills a directory with what `remote cloud bake` puts into an image, to be laid over a machine's root (`baked`). */
export const bakeImage = (dir: string, { runner, agents }: Baked): string => {
  if (runner) {
    const release = join(dir, 'opt', 'remote', runner.sha256.slice(0, 16))
    mkdirSync(release, { recursive: true, mode: 0o755 })
    execFileSync('tar', ['-xzf', runner.file, '-C', release, '--no-same-owner'])
  }
  if (agents !== undefined && existsSync(agents)) {
    const data = join(dir, 'var', 'lib', 'remote', 'data')
    mkdirSync(data, { recursive: true, mode: 0o755 })
    // Hundreds of megabytes: linked where that can be. What could not be linked leaves its directories behind.
    execFileSync('sh', ['-c', COPY, agents, join(data, 'agents')])
    // Everybody's on that machine.
    execFileSync('chmod', ['-R', 'a+rX', join(data, 'agents')])
  }
  return dir
}
