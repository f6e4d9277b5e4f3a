import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { checkSsh } from '../../../cli/ssh/check-ssh.ts'
import { instanceConnectRefusal } from '../../../cli/ssh/instance-connect-refusal.ts'
import { portPair } from '../../../cli/ssh/port-pair.ts'
import { literal, quoted, sshOptions } from '../../../cli/ssh/ssh-options.ts'
import { machineOf } from '../../../cli/ssh/target.ts'
import { ERRORS } from '../../../core/contract/remote-error.ts'
import type { Session } from '../../../core/contract/session.ts'
import { sampleSession } from '../../promises/sample-session.ts'

const SERVER = { address: '10.113.0.7', hostKey: `ssh-ed25519 ${'A'.repeat(68)}`, user: 'agent' }
const withAttempt = (state: Session['state'], more: object = {}, rest: Partial<Session> = {}): Session => ({
  ...sampleSession(),
  state,
  attempts: [{ number: 1, machine: 'i-1', ssh: SERVER, ...more }],
  ...rest,
})

describe('the machine of a session', () => {
  it('is the one of its last attempt', () => {
    const first = { number: 1, machine: 'i-0', ssh: { ...SERVER, address: '10.113.0.1' } }
    const session = { ...withAttempt('running'), attempts: [first, { number: 2, machine: 'i-1', ssh: SERVER }] }
    expect(machineOf(session)).toEqual({ instance: 'i-1', ...SERVER })
  })
  it.each(['queued', 'placing', 'launching', 'booting'] as const)('is not there while it is %s: later it may be', (state) => {
    expect(() => machineOf(withAttempt(state))).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })
  it('is gone when the session ends, and another one comes when only the machine was lost', () => {
    expect(() => machineOf(withAttempt('ended'))).toThrow(expect.objectContaining({ code: 'refused' }))
    const ending = { outcome: 'succeeded', code: 'exit', reason: 'it ended' } as const
    expect(() => machineOf(withAttempt('releasing', {}, { ending }))).toThrow(expect.objectContaining({ code: 'refused' }))
    expect(() => machineOf(withAttempt('releasing'))).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })
  it('of an older stack does not say how it is reached', () => {
    expect(() => machineOf(withAttempt('running', { ssh: undefined }))).toThrow(
      expect.objectContaining({ code: 'not_supported' }),
    )
  })
})

describe('what AWS means', () => {
  const at = { doing: 'ec2-instance-connect:OpenTunnel', session: 's-1', profile: undefined }
  const refusal = (status: number, text: string, date?: string) => instanceConnectRefusal({ status, text, date }, at)
  const json = (code: string, message = 'words') => JSON.stringify({ __type: `com.amazon#${code}`, Message: message })
  it.each([
    ['too many tunnels', 429, json('ThrottlingException'), 'unavailable', '20 tunnels'],
    ['throttling of the API', 400, json('ThrottlingException', 'Rate exceeded'), 'unavailable', '20 tunnels'],
    [
      'a missing right',
      400,
      json('AccessDeniedException', 'User: x is not authorized to perform: ec2-instance-connect:SendSSHPublicKey on resource: y'),
      'no_credentials',
      'PeoplePolicyArn',
    ],
    ['a missing right, in words alone', 403, 'Forbidden', 'no_credentials', 'PeoplePolicyArn'],
    [
      'an expired login',
      400,
      json('ExpiredTokenException', 'The security token included in the request is expired'),
      'no_credentials',
      'aws sso login',
    ],
    [
      'unknown keys',
      403,
      json('UnrecognizedClientException', 'The security token included in the request is invalid.'),
      'no_credentials',
      'get-caller-identity',
    ],
    ['a machine that is going', 400, json('EC2InstanceStateInvalidException'), 'unavailable', 'remote explain s-1'],
    ['an endpoint that is gone', 404, json('ResourceNotFoundException'), 'not_found', 'remote cloud use'],
    [
      'an endpoint that is gone, in XML',
      400,
      '<Errors><Error><Code>InvalidInstanceConnectEndpointId.NotFound</Code><Message>no</Message></Error></Errors>',
      'not_found',
      'remote cloud use',
    ],
    ['a failure of its own', 503, '', 'unavailable', 'again in a minute'],
    ['anything else', 400, json('InvalidArgsException', 'odd'), 'refused', 'remote cloud doctor'],
  ] as const)('%s', (_, status, text, code, hint) => {
    const error = refusal(status, text)
    expect([error.code, error.hint]).toEqual([code, expect.stringContaining(hint)])
    expect(error.name).toBe(ERRORS[code].retryable ? 'Retryable' : 'Refused')
  })
  it('a clock that is wrong is told before what follows from it', () => {
    const late = new Date(Date.now() + 3_600_000).toUTCString()
    expect(refusal(403, json('InvalidSignatureException'), late).message).toContain('clock is 60 minutes behind')
  })
})

describe('ports', () => {
  it('are one for both sides, or one for each', () => {
    expect([portPair('3000'), portPair('8080:80')]).toEqual([
      { local: 3000, remote: 3000 },
      { local: 8080, remote: 80 },
    ])
  })
  it.each(['', '0', '65536', '80:0', '1:2:3', 'http', '-1', '80:', ':80', '8 0'])('`%s` is none', (text) => {
    expect(() => portPair(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('remote cloud doctor', () => {
  const cloud = { stack: 'remote', region: 'us-east-1', apiUrl: '', socketUrl: '', version: '1', readAt: '' }
  it('says what ssh lacks, here or over there', async () => {
    const env = { PATH: process.env['PATH'] }
    expect(await checkSsh({ env }, { ...cloud, connectEndpoint: 'eice-1' })).toMatchObject({
      state: 'ok',
      says: expect.stringMatching(/^OpenSSH_\S+.*, through eice-1$/),
    })
    expect(await checkSsh({ env }, cloud)).toMatchObject({
      state: 'warn',
      hint: expect.stringContaining('--set instanceConnect=true'),
    })
    const bare = { PATH: '/nonexistent' }
    expect(await checkSsh({ env: bare }, { ...cloud, connectEndpoint: 'eice-1' })).toMatchObject({
      state: 'warn',
      hint: expect.stringContaining('openssh-client'),
    })
  })
})

it('OpenSSH reads the settings as they are meant, with any path', () => {
  const odd = "/tmp/it's 100% mine/ssh"
  const proxy = literal(['/usr/bin/node', `${odd}/remote.cjs`].map(quoted).join(' '))
  const options = sshOptions({ user: 'agent', proxy, key: literal(`${odd}/key`), knownHosts: literal(`${odd}/known`) })
  const args = options.flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const { stdout, stderr } = spawnSync('ssh', ['-T', '-G', '-F', 'none', ...args, 's-1.remote'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  const read = new Map(stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
  expect(read.get('user')).toBe('agent')
  expect(read.get('stricthostkeychecking')).toMatch(/^(yes|true)$/)
  expect(read.get('forwardagent')).toBe('no')
  expect(read.get('globalknownhostsfile')).toBe('/dev/null')
  const run = spawnSync('sh', ['-c', `printf '%s\\n' ${read.get('proxycommand')?.replaceAll('%%', '%')}`], { encoding: 'utf8' })
  expect(run.stdout).toBe(`/usr/bin/node\n${odd}/remote.cjs\n`)
})
