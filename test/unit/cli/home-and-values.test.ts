import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { makeDirectory } from '../../../cli/make-directory.ts'
import { agentText } from '../../../cli/output/agent-text.ts'
import { helpText } from '../../../cli/output/help.ts'
import { openLogView } from '../../../cli/output/log-view.ts'
import { openStateLine } from '../../../cli/output/state-line.ts'
import { styleOf } from '../../../cli/output/style.ts'
import { shownSetting } from '../../../cli/setting-values.ts'
import { VERBS } from '../../../cli/verbs/all.ts'
import { paths } from '../../../local/paths.ts'

const stream = () => Object.assign(new PassThrough(), { columns: 80 })

it('a relative REMOTE_HOME is no place', () => {
  expect(() => paths({ REMOTE_HOME: 'here' })).toThrow(/not an absolute path: here/)
  expect(() => paths({ REMOTE_HOME: '~/x' })).toThrow(/not an absolute path/)
})

it('a directory that cannot be made is said at once', () => {
  expect(() => makeDirectory('/proc/self/nope/deeper')).toThrow(/cannot be made/)
  expect(() => makeDirectory('/dev/null')).toThrow(/something else is there/)
})

it.each([
  ['ttl', 5400, '1h30m'],
  ['ttl', 90, '1m30s'],
  ['idle', 604_800, '7d'],
  ['max-cost', 2, '2.00'],
  ['max-cost', 0.0042, '0.0042'],
  ['retries', 2, '2'],
  ['filtered', 'stored', 'stored'],
])('the setting %s of %s is shown as it can be given', (key, value, text) => {
  expect(shownSetting(key, value)).toBe(text)
})

it.each([
  [['dispacth'], 'there is no verb `dispacth`', 'did you mean `remote help dispatch`?'],
  [['workspac'], 'there is no verb `workspac`', 'did you mean `remote help workspace`?'],
  [['secrets', 'lst'], 'there is no verb `secrets lst`', 'did you mean `remote help secrets list`?'],
  [['hosts'], 'does not bring `hosts`', 'all verbs: remote help'],
])('help of %j says what was probably meant', (topic, says, hint) => {
  expect(() => helpText(VERBS, topic, stream(), {})).toThrow(
    expect.objectContaining({ message: expect.stringContaining(says), hint: expect.stringContaining(hint) }),
  )
})

it('a tool that nothing came between is titled once', () => {
  const said = agentText(styleOf(stream(), {}), () => 80)
  const tool = (id: string, status: 'pending' | 'completed' | 'failed') =>
    said(
      { seq: 1, at: '2026-01-01T00:00:00.000Z', type: 'tool', id, title: `run ${id}`, kind: 'execute', status, output: 'done\n' },
      true,
    )
  expect(tool('a', 'pending') + tool('a', 'completed')).toBe('▸ execute run a\n  │ done\n')
  expect(tool('b', 'pending') + tool('b', 'failed')).toBe('▸ execute run b\n  │ done\n  ✗ failed\n')
  tool('c', 'pending')
  tool('d', 'pending')
  expect(tool('c', 'completed')).toBe('● execute run c\n  │ done\n')
})

it('the tokens of a turn are told once', async () => {
  const [stdout, stderr] = [stream(), stream()]
  const io = { stdin: stream(), stdout, stderr, env: {}, cwd: '/', onInterrupt: () => () => undefined }
  const view = openLogView({ io, line: openStateLine(io, true), quiet: false, isShell: false, aside: false })
  const usage = (seq: number, outputTokens: number) => ({
    head: { type: 'usage' as const, seq, at: '2026-01-01T00:00:00.000Z', inputTokens: 10, outputTokens, costUsd: 0 },
  })
  await view.show([usage(1, 5), usage(2, 7)])
  await view.show([usage(3, 7)])
  expect(String(stdout.read())).toBe('  10 tokens in, 7 out, $0.00\n')
})
