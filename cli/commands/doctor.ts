import { homedir } from 'node:os'
import { checkClouds, checkDaemon, checkDisk, checkPrivacy, checkStorage } from '../check-places.ts'
import { checkAgents, checkGit, checkNode, checkSandbox } from '../check-programs.ts'
import { pathsOf } from '../connect.ts'
import type { Finding } from '../finding.ts'
import { showFindings } from '../output/findings.ts'
import type { Command } from '../verbs/verb.ts'

/** Exit 1 when something keeps sessions from running. */
export const doctor: Command = async ({ io, flags }) => {
  const { env } = io
  const { data } = pathsOf(env)
  const found: (Finding | Finding[])[] = await Promise.all([
    checkNode(),
    checkGit(env),
    checkSandbox(),
    checkAgents(env, env['HOME'] || homedir(), data),
    checkDaemon(io),
    checkDisk(io),
    checkStorage(io),
    checkClouds(io),
  ])
  // After the daemon has made its directories.
  const checks = [...found.flat(), checkPrivacy(io)]
  return showFindings(io, checks, flags.on('json'))
}
