import type { MachineRecord, MachineStore } from './dynamo-machine-store.ts'

/** Who called, as API Gateway's IAM authorisation found out. */
export type Iam = { userArn: string; callerId: string }
export type Caller = { kind: 'person'; name: string } | { kind: 'machine'; instance: string }

/** An instance's role session is named after the instance, which only EC2 can do: the role trusts ec2.amazonaws.com alone. */
export const callerOf = ({ userArn, callerId }: Iam, machineRole: string): Caller => {
  const role = /:assumed-role\/([^/]+)\/(.+)$/.exec(userArn)
  if (role?.[1] === machineRole) return { kind: 'machine', instance: callerId.split(':')[1] ?? role[2] ?? '' }
  const name = role ? `${role[1]}/${role[2]}` : (userArn.split('/').at(-1) ?? userArn)
  return { kind: 'person', name: name.replace(/[^\x20-\x7e]/g, '?').slice(0, 128) }
}

/**
 * All that a path of ours can be. Dots that climb, doubled slashes and escapes mean one thing to who admits a call and another to who
 * routes it, so nothing of the kind is admitted at all.
 */
const PLAIN_PATH = /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/
const RUNNER_PATH = /^\/v1\/runner\/([^/]+)\/(\d+)(\/|$)/

/** Does, or did: what a machine says of an attempt that is over is answered by whoever knows that. */
export const worksFor = ({ parts }: MachineRecord, session: string | undefined, attempt: number): boolean =>
  parts.some((part) => part.session === session && part.attempt === attempt)

export type Admission = { by: string } | { refused: 403 | 425 }

/**
 * Whether this caller may call this path. A machine may make the runner's calls of the attempts that work there, nothing else; before
 * its launch is recorded it is told to come again (425). A person is whoever the account lets call the API, and never a runner.
 */
export const admission =
  ({ machines, machineRole }: { machines: Pick<MachineStore, 'of'>; machineRole: string }) =>
  async (iam: Iam, path: string): Promise<Admission> => {
    if (!PLAIN_PATH.test(path)) return { refused: 403 }
    const caller = callerOf(iam, machineRole)
    const runner = RUNNER_PATH.exec(path)
    if (caller.kind === 'person') return runner ? { refused: 403 } : { by: caller.name }
    if (!runner) return { refused: 403 }
    const machine = await machines.of(caller.instance)
    if (!machine) return { refused: 425 }
    return worksFor(machine, runner[1], Number(runner[2])) ? { by: caller.instance } : { refused: 403 }
  }
