import { describe, expect, it } from 'vitest'
import type { SharedMachine } from '../../../core/domain/shared-machine.ts'
import { admission, callerOf } from '../../../lambdas/aws/identity.ts'

const ROLE = 'remote-machine'
const machine = (instance: string, role = ROLE) => ({
  userArn: `arn:aws:sts::123456789012:assumed-role/${role}/${instance}`,
  callerId: `AROAEXAMPLE:${instance}`,
})
const ada = { userArn: 'arn:aws:iam::123456789012:user/team/ada', callerId: 'AIDAEXAMPLE' }

describe('a caller', () => {
  it('is the machine that its role session names, or a person', () => {
    expect(callerOf(machine('i-1'), ROLE)).toEqual({ kind: 'machine', instance: 'i-1' })
    expect(callerOf(ada, ROLE)).toEqual({ kind: 'person', name: 'ada' })
    expect(callerOf(machine('grace', 'AWSReservedSSO_Dev_0123'), ROLE)).toEqual({
      kind: 'person',
      name: 'AWSReservedSSO_Dev_0123/grace',
    })
  })

  const shared: SharedMachine = {
    closed: false,
    parts: [
      { session: 's-1', attempt: 2, state: 'live', hasJoined: false, ttlSeconds: null },
      { session: 's-3', attempt: 1, state: 'live', hasJoined: true, ttlSeconds: 60 },
    ],
  }
  const admit = admission({
    machines: { of: async (instance) => (instance === 'i-1' ? shared : undefined) },
    machineRole: ROLE,
  })

  it.each([
    ['a machine, for its own attempt', machine('i-1'), '/v1/runner/s-1/2/beat', { by: 'i-1' }],
    ['a machine, for the attempt that joined it', machine('i-1'), '/v1/runner/s-3/1/hello', { by: 'i-1' }],
    ['a machine, for the attempt of one with the number of another', machine('i-1'), '/v1/runner/s-3/2/hello', { refused: 403 }],
    ['a machine, for another attempt', machine('i-1'), '/v1/runner/s-1/1/beat', { refused: 403 }],
    ['a machine, for another session', machine('i-1'), '/v1/runner/s-2/2/beat', { refused: 403 }],
    ['a machine, for what people do', machine('i-1'), '/v1/sessions', { refused: 403 }],
    ['a machine, for an odd path', machine('i-1'), '/v1/runner/s-1/2x/beat', { refused: 403 }],
    ['a machine, climbing out of its own path', machine('i-1'), '/v1/runner/s-1/2/../../../sessions', { refused: 403 }],
    ['a machine, climbing in disguise', machine('i-1'), '/v1/runner/s-1/2/%2e%2e/%2E./../sessions', { refused: 403 }],
    ['a machine, with doubled slashes', machine('i-1'), '/v1/runner/s-1/2//beat', { refused: 403 }],
    ['a person, for what a runner does, in disguise', ada, '/v1/%72unner/s-1/2/done', { refused: 403 }],
    ['a person, for a workspace', ada, '/v1/workspaces/a.b_c-1', { by: 'ada' }],
    ['a machine that is not recorded yet', machine('i-2'), '/v1/runner/s-1/2/hello', { refused: 425 }],
    ['a person, for what people do', ada, '/v1/sessions', { by: 'ada' }],
    ['a person, for what a runner does', ada, '/v1/runner/s-1/2/done', { refused: 403 }],
    ['a person with a role named almost so', machine('i-1', 'x-remote-machine'), '/v1/runner/s-1/2/done', { refused: 403 }],
  ])('%s', async (_, iam, path, expected) => {
    expect(await admit(iam, path)).toEqual(expected)
  })
})
