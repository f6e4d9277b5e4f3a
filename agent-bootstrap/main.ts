import { claimAttempt } from './claim.ts'
import { compileAtOnce } from './compile-at-once.ts'
import { CallRefused, Fenced, openControlPlane } from './control-plane-client.ts'
import { around, crossing } from './failpoints.ts'
import { ownPath } from './own-programs.ts'
import { warmUp } from './pick-driver.ts'
import { MARKER } from './process-tree.ts'
import { runSession } from './runner.ts'
import { runnerArguments } from './runner-arguments.ts'

declare const REMOTE_VERSION: string | undefined
/** Set by the build. */
const version = typeof REMOTE_VERSION === 'string' ? REMOTE_VERSION : 'source'

/** Another runner has the attempt, or had it. */
const TAKEN = 75
const FENCED = 0
const REFUSED = 70
/** By then the first output is on its way, and nothing is hot yet. */
const SETTLED_MS = 500

const main = async (): Promise<number> => {
  const [verb, dataDir] = process.argv.slice(2)
  if (verb === 'install-agents' && dataDir !== undefined) {
    await (await import('./agents/install-agents.ts')).installAgents(dataDir)
    return 0
  }
  const args = runnerArguments(process.argv.slice(2))
  crossing('before claim')
  if (args.leave === undefined && !claimAttempt(args.dir, args.attempt)) return TAKEN
  crossing('after claim')
  // For what the runner itself starts (git): it is found and ended like the agent's processes.
  process.env[MARKER] = args.session
  process.env['PATH'] = ownPath()
  const sign = args.endpoint.startsWith('unix:') ? undefined : (await import('./cloud/sign-calls.ts')).signCalls(args.region)
  const plane = openControlPlane(args.endpoint, args.session, args.attempt, sign)
  try {
    const { REMOTE_SSH_DIR: sshDir, REMOTE_AGENT_USER: user } = process.env
    const ssh = sshDir && user ? await (await import('./cloud/ssh-server-facts.ts')).sshServerFacts(sshDir, user) : {}
    const hello = plane.hello({
      runnerVersion: version,
      facts: { platform: process.platform, arch: process.arch, node: process.versions.node, ...ssh },
    })
    // Not before it is on its way: to start a process holds everything else up.
    setImmediate(() => warmUp(args))
    setTimeout(compileAtOnce, SETTLED_MS).unref()
    const spec = await hello
    const cloud =
      spec.grant && (await (await import('./cloud/open-cloud.ts')).openCloud({ grant: spec.grant, spec, plane, dir: args.dir }))
    const request = { ...spec.request, env: { ...cloud?.login?.env, ...spec.request.env } }
    const given = cloud ? { ...spec, request, secrets: { ...spec.secrets, ...cloud.secrets } } : spec
    await around('session', () => runSession(args, plane, given, cloud))
    return 0
  } catch (error) {
    if (error instanceof Fenced) return FENCED
    if (!(error instanceof CallRefused)) throw error
    console.error(error.message)
    return REFUSED
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
