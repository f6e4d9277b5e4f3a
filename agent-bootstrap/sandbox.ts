import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Confine } from './agents/driver.ts'
import { insideFence } from './inside-fence.ts'
import { inPidNamespace, pidNamespaceAvailable, sandboxAvailable } from './sandbox-available.ts'
import { sandboxEnvironment } from './sandbox-environment.ts'
import { loadSandboxLibrary, sandboxShellArgs } from './sandbox-line.ts'
import { type SandboxPlaces, sandboxPolicy, toolCache } from './sandbox-policy.ts'

export type Sandbox = {
  /** `sandbox`: files fenced in, processes end together. `pid-namespace`: processes only. `none`: neither. */
  kind: 'sandbox' | 'pid-namespace' | 'none'
  /** For people: the mechanism, or why there is no more than this. */
  why: string
  /** Standard streams, working directory and exit code pass through unchanged; a signal's death arrives as 128 + n. */
  confine: Confine
}

const withoutFence = async (whyNot: string): Promise<Sandbox> => {
  const namespace = await pidNamespaceAvailable()
  if (!namespace.ok)
    return {
      kind: 'none',
      why: `${whyNot}; ${namespace.why}`,
      confine: async (command, args, env) => ({ command, args: [...args], env }),
    }
  return {
    kind: 'pid-namespace',
    why: whyNot,
    confine: async (command, args, env) => ({ ...inPidNamespace(command, args), env }),
  }
}

/**
 * Decides once how the session's commands are fenced in; the directories exist afterwards. `wanted: false` still keeps the
 * processes together where the platform can.
 */
export const openSandbox = async (places: SandboxPlaces & { wanted: boolean }): Promise<Sandbox> => {
  const sandbox = await chosen(places)
  if (sandbox.kind === 'none') return sandbox
  const confine: Confine = async (command, args, env, how) => {
    const inside = insideFence(command, args, env)
    return sandbox.confine(inside.command, inside.args, inside.env, how)
  }
  return { ...sandbox, confine }
}

const chosen = async (places: SandboxPlaces & { wanted: boolean }): Promise<Sandbox> => {
  const user = process.env['REMOTE_AGENT_USER']
  if (user) {
    const { asAgentUser } = await import('./agent-user.ts')
    return { kind: 'sandbox', why: `user ${user} of a machine of our own`, confine: asAgentUser(user, places) }
  }
  if (!places.wanted) return withoutFence('switched off for this session')
  const available = await sandboxAvailable()
  if (!available.ok) return withoutFence(available.why)
  const tmpDir = process.platform === 'linux' ? '/tmp' : join(places.privateDir, 'tmp')
  const needed = [
    places.workDir,
    places.privateDir,
    toolCache(places.cacheDir),
    ...(process.platform === 'linux' ? [] : [tmpDir]),
  ]
  for (const path of needed) mkdirSync(path, { recursive: true })
  await loadSandboxLibrary()
  // Places are looked up when the first command starts: the checkout is made meanwhile, and what is missing cannot be mounted.
  let shellArgs: Promise<string[]> | undefined
  const confine: Sandbox['confine'] = async (command, args, env, how) => {
    if (how?.isTerminal) shellArgs = sandboxShellArgs(sandboxPolicy(places), true)
    shellArgs ??= sandboxShellArgs(sandboxPolicy(places))
    return {
      command: '/bin/sh',
      args: [...(await shellArgs), command, ...args],
      env: sandboxEnvironment(env, places.cacheDir, tmpDir),
    }
  }
  return { kind: 'sandbox', why: available.why, confine }
}
