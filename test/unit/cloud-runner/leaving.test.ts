import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { packAgentFiles, unpackAgentFiles } from '../../../agent-bootstrap/cloud/agent-files.ts'
import { openInstanceMetadata } from '../../../agent-bootstrap/cloud/instance-metadata.ts'
import { leaveTime, type TakeBack, watchTakeBack } from '../../../agent-bootstrap/cloud/take-back.ts'
import { Leaving } from '../../../core/contract/runner.ts'
import { openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { openGrantedMachine } from '../../support/granted-machine.ts'
import { openMachineMetadata } from '../../support/machine-metadata.ts'
import { type Moto, startMoto } from '../../support/moto.ts'
import { outputOf, sessionDir, startRunner } from '../../support/runner-process.ts'

let moto: Moto
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto?.stop())
const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})
const newDir = () => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-leaving-'))
  open.push({ close: () => rm(dir, { recursive: true, force: true }) })
  return dir
}
const instant = (ms: number) => `${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`

const world = async (task: string, more: Parameters<typeof runSpec>[0] = {}) => {
  const { session } = runSpec()
  const granted = await openGrantedMachine(moto, session)
  const left: Leaving[] = []
  const spec = runSpec({ ...more, session, grant: granted.grant(), log: { kind: 'upload' }, request: { task } })
  const plane = await openFakeControlPlane(spec, {
    tcp: true,
    more: (path, body) => {
      if (!path.endsWith('/leaving')) return undefined
      left.push(Leaving.parse(body))
      return {}
    },
  })
  const machine = await openMachineMetadata()
  open.push(plane, machine)
  const start = () => startRunner(plane, { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }, ['--region', 'us-east-1'])
  return { plane, machine, granted, left, start }
}

describe('a machine that EC2 takes back', () => {
  it('brings away log and memory, says so, and is not done', async () => {
    const { plane, machine, granted, left, start } = await world('echo up; sleep 60')
    const memory = join(sessionDir(plane), 'agent/claude/projects/x/y.jsonl')
    mkdirSync(dirname(memory), { recursive: true })
    writeFileSync(memory, '{"remembers":1}\n')
    const runner = start()
    await plane.until('a beat', () => plane.said.beat.length > 0)
    machine.spot = { action: 'terminate', time: instant(20_000) }
    const began = performance.now()
    expect(await runner.exit).toBe(0)
    expect(performance.now() - began).toBeLessThan(30_000)
    expect(plane.said.done).toEqual([])
    const log = await granted.log()
    expect(left).toMatchObject([
      {
        why: expect.stringMatching(/^the spot market takes this machine back \(terminate at /),
        agentFiles: 'checkpoint/1/agent.tar.gz',
        lastSeq: log.length,
      },
    ])
    expect(outputOf(log, 'stdout').toString()).toBe('up\n')
    expect(log.at(-1)?.head).toMatchObject({ type: 'notice', level: 'warn' })
    expect(plane.said.seal.at(-1)).toMatchObject({ last: log.length, final: true })

    const next = await world('cat ../agent/claude/projects/x/y.jsonl', { attempt: 2 })
    const { grant } = plane.spec
    if (grant) next.plane.spec.grant = grant
    next.plane.spec.checkpoint = { agentFiles: 'checkpoint/1/agent.tar.gz' }
    expect(await next.start().exit).toBe(0)
    expect(outputOf(await granted.log(2), 'stdout').toString()).toBe('{"remembers":1}\n')
  })

  it('finds what the agent of the session that it resumes remembered', async () => {
    const from = newDir()
    mkdirSync(join(from, 'claude'))
    writeFileSync(join(from, 'claude/m.jsonl'), 'memory')
    const file = join(newDir(), 'agent.tar.gz')
    await packAgentFiles(from, file)
    const asked: IncomingHttpHeaders[] = []
    const bucket = createServer((request, response) => {
      asked.push(request.headers)
      response.end(readFileSync(file))
    })
    await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => bucket.close(resolve)) })
    const { plane, start } = await world('true')
    plane.spec.request.resumes = 's-0123456789'
    plane.spec.checkpoint = { agentFiles: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}/x?X-Amz-Signature=1` }
    expect(await start().exit).toBe(0)
    expect(readFileSync(join(sessionDir(plane), '../s-0123456789/agent/claude/m.jsonl'), 'utf8')).toBe('memory')
    expect(asked.map(({ authorization }) => authorization)).toEqual([undefined])
    bucket.closeAllConnections()
  })

  it('leaves likewise when it is shut down', async () => {
    const { plane, left, start } = await world('sleep 60')
    const runner = start()
    await plane.until('beat', () => plane.said.beat.length > 0)
    runner.child.kill('SIGTERM')
    expect(await runner.exit).toBe(0)
    expect(left).toMatchObject([{ why: 'this machine is shut down' }])
  })
})

describe('the time to leave', () => {
  const now = 1_000_000
  const spot = (ms: number): TakeBack => ({ kind: 'spot', action: 'terminate', at: now + ms })
  it('is at once for what goes on elsewhere, and as late as possible for what would be lost', () => {
    expect(leaveTime(spot(120_000), true, now)).toBe(now)
    expect(leaveTime(spot(120_000), false, now)).toBe(now + 80_000)
    expect(leaveTime(spot(10_000), false, now)).toBe(now)
    expect(leaveTime({ kind: 'rebalance' }, true, now)).toBe(now)
    expect(leaveTime({ kind: 'rebalance' }, false, now)).toBeUndefined()
  })

  it('is found out by looking, each notice once, also after the service was away', async () => {
    const machine = await openMachineMetadata()
    open.push(machine)
    const told: TakeBack[] = []
    const stop = watchTakeBack(openInstanceMetadata(machine.url), (notice) => told.push(notice), 20)
    const looks = (count: number) => vi.waitUntil(() => machine.looks >= count, { timeout: 15_000 })
    await looks(3)
    expect(told).toEqual([])
    machine.isAway = true
    machine.rebalance = { noticeTime: instant(0) }
    await looks(machine.looks + 3)
    expect(told).toEqual([])
    machine.isAway = false
    await vi.waitUntil(() => told.length > 0, { timeout: 15_000 })
    await looks(machine.looks + 3)
    const time = instant(120_000)
    machine.spot = { action: 'terminate', time }
    await vi.waitUntil(() => told.length > 1, { timeout: 15_000 })
    stop()
    expect(told).toEqual([{ kind: 'rebalance' }, { kind: 'spot', action: 'terminate', at: Date.parse(time) }])
  })
})

describe("an agent's memory on its way", () => {
  it('is its files, without login, locks and links', async () => {
    const [from, to] = [newDir(), newDir()]
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(from, path)), { recursive: true })
      writeFileSync(join(from, path), text)
    }
    put('claude/projects/-work/a b\n.jsonl', 'memory')
    put('claude/.credentials.json', 'login')
    put('claude/x.lock', 'lock')
    put('codex/sessions/1.jsonl', 'more')
    put('codex/auth.json', 'login')
    put('tmp/scratch', 'scratch')
    symlinkSync('/etc', join(from, 'claude/elsewhere'))
    symlinkSync('/etc/passwd', join(from, 'claude/users'))
    const file = join(newDir(), 'a.tar.gz')
    expect(await packAgentFiles(from, file)).toMatch(/^[0-9a-f]{64}$/)
    await unpackAgentFiles(file, join(to, 'agent'))
    const names = (await readdir(join(to, 'agent'), { recursive: true, withFileTypes: true })).filter(
      (entry) => !entry.isDirectory(),
    )
    expect(names.map(({ name }) => name).sort()).toEqual(['1.jsonl', 'a b\n.jsonl'])
    expect(readFileSync(join(to, 'agent/claude/projects/-work/a b\n.jsonl'), 'utf8')).toBe('memory')
    expect((await readFile(file)).length).toBeGreaterThan(0)
  })

  it('is none where there is none', async () => {
    expect(await packAgentFiles(newDir(), join(newDir(), 'a'))).toBeUndefined()
  })
})
