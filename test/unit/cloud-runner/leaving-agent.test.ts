import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Leaving } from '../../../core/contract/runner.ts'
import { openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { openGrantedMachine } from '../../support/granted-machine.ts'
import { openMachineMetadata } from '../../support/machine-metadata.ts'
import { type Moto, startMoto } from '../../support/moto.ts'
import { sessionDir, startRunner } from '../../support/runner-process.ts'

const FAKE = fileURLToPath(import.meta.resolve('../../support/fake-acp-agent.ts'))

let moto: Moto
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto?.stop())
const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const agentSession = async (task: string, interactive = false) => {
  const { session } = runSpec()
  const granted = await openGrantedMachine(moto, session)
  const left: Leaving[] = []
  const request = { task, interactive, agent: 'fake', agentCommand: `'${process.execPath}' '${FAKE}'` }
  const spec = runSpec({ session, retriesLeft: 1, grant: granted.grant(), log: { kind: 'upload' }, request })
  const plane = await openFakeControlPlane(spec, {
    tcp: true,
    more: (path, body) => {
      if (path.endsWith('/leaving')) left.push(Leaving.parse(body))
      return {}
    },
  })
  plane.spec.request.env['FAKE_MEMORY'] = join(plane.dir, 'memory')
  const memory = join(sessionDir(plane), 'agent/claude/projects/x/y.jsonl')
  mkdirSync(dirname(memory), { recursive: true })
  writeFileSync(memory, 'memory')
  const machine = await openMachineMetadata()
  open.push(plane, machine)
  const runner = startRunner(plane, { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }, ['--region', 'us-east-1'])
  open.push({ close: async () => runner.child.kill('SIGKILL') })
  return { plane, machine, granted, left, runner }
}

describe('an agent on a machine of its own', () => {
  it('leaves its memory when its session ends, for one that resumes it', async () => {
    const { plane, granted, runner } = await agentSession('say hello')
    expect(await runner.exit).toBe(0)
    expect(plane.said.done).toMatchObject([{ outcome: { outcome: 'succeeded' }, agentFiles: 'checkpoint/1/agent.tar.gz' }])
    expect(await granted.keys()).toContain(`sessions/${plane.spec.session}/checkpoint/1/agent.tar.gz`)
  })

  it('goes on elsewhere as soon as leaving its machine is recommended', async () => {
    const { plane, machine, granted, left, runner } = await agentSession('say hello', true)
    await plane.until('a handle', () => plane.said.beat.some(({ agentHandle }) => agentHandle !== undefined))
    machine.rebalance = { noticeTime: new Date().toISOString() }
    const began = performance.now()
    expect(await runner.exit).toBe(0)
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(plane.said.done).toEqual([])
    expect(left).toMatchObject([{ agentFiles: 'checkpoint/1/agent.tar.gz', agentHandle: plane.said.beat.at(-1)?.agentHandle }])
    expect((await granted.log()).at(-1)?.head.seq).toBe(left[0]?.lastSeq)
  })
})
