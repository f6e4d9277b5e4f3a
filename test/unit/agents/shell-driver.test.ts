import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import type { DriverContext } from '../../../agent-bootstrap/agents/driver.ts'
import { shellDriver } from '../../../agent-bootstrap/agents/shell-driver.ts'
import { Dispatch } from '../../../core/contract/dispatch.ts'
import type { RunSpec } from '../../../core/contract/runner.ts'

const spec: RunSpec = {
  session: 's-0123456789',
  attempt: 1,
  request: Dispatch.parse({ task: 'x', agent: 'shell' }),
  approve: 'auto',
  bundles: [],
  secrets: {},
  log: { kind: 'spool' },
  nextSeq: 1,
  usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
  inboxAfter: 0,
  ttlSeconds: null,
  idleSeconds: null,
  maxCostUsd: null,
  branch: 'remote/s-0123456789',
}
const context: DriverContext = {
  spec,
  cwd: tmpdir(),
  env: { PATH: process.env['PATH'] ?? '' },
  privateDir: tmpdir(),
  dataDir: tmpdir(),
  emit: async () => {},
  confine: async (command, args, env) => ({ command, args, env }),
  setWaiting: () => {},
}

it.runIf(process.platform === 'linux')(
  'a command line that the system does not take is refused with what to do, one that it takes runs',
  async () => {
    const longest = `true #${'x'.repeat(128 * 1024 - 7)}`
    expect(spawnSync('/bin/sh', ['-c', `${longest}x`]).error).toMatchObject({ code: 'E2BIG' })
    const run = await shellDriver.start(context)
    expect((await run.prompt(`${longest}x`)).outcome).toMatchObject({ outcome: 'refused', code: 'too_large' })
    expect((await run.prompt(longest)).outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
  },
)
