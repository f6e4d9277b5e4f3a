import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildRunnerBundle, type RunnerBundle } from '../../build-runner-bundle.ts'
import { Done, type RunSpec } from '../../core/contract/runner.ts'
import { installedAgentsDir } from '../support/agents.ts'
import { runSpec } from '../support/fake-control-plane.ts'
import { startMessagesApi } from '../support/messages-api-stub.ts'
import { bakeImage } from './debian-root-baked.ts'
import { type InstanceHost, openInstanceHost } from './instances.ts'
import { Launch } from './instances-launch.ts'
import { assumeRole, type Call, openStubPlane, type Reply, userDataFor } from './instances-stub-plane.ts'

const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'
let dir: string
let bundle: RunnerBundle
let host: InstanceHost
let plane: Awaited<ReturnType<typeof openStubPlane>>
let model: Awaited<ReturnType<typeof startMessagesApi>>
const specs = new Map<string, { spec: RunSpec; done: PromiseWithResolvers<Done> }>()
const bundles = new Map<string, Buffer>()

const answer = ({ method, path, body }: Call): Reply | undefined => {
  if (path === '/runner.tar.gz') return { status: 200, body: readFileSync(bundle.file) }
  const sha256 = /^\/v1\/bundles\/(\w+)$/.exec(path)?.[1] ?? ''
  if (sha256) return method === 'PUT' ? { status: 201, body: '{}' } : { status: 200, body: bundles.get(sha256) ?? '' }
  const [, session = '', what = ''] = /^\/v1\/runner\/([^/]+)\/1\/(\w+)/.exec(path) ?? []
  const { spec, done } = specs.get(session) ?? {}
  if (what === 'done') done?.resolve(Done.parse(JSON.parse(body)))
  const answers: Record<string, unknown> = {
    ...{ bundle: { url: `${plane.url}/runner.tar.gz`, sha256: bundle.sha256 }, hello: spec, seal: {}, done: {} },
    ...{ inbox: { items: [] }, beat: { inboxLast: 0, watch: false, budgetLeftUsd: null } },
  }
  return what in answers ? { status: 200, body: JSON.stringify(answers[what]) } : undefined
}

/** Runs a session on a machine of its own, to its end. */
const runs = async (spec: RunSpec): Promise<Done> => {
  const done = Promise.withResolvers<Done>()
  specs.set(spec.session, { spec, done })
  const machine = await host.launch(
    Launch.parse({
      ...{ id: `i-${spec.session.slice(2)}`, type: 't3.small', zone: 'us-east-1a', userData: userDataFor(plane.url) },
      roleArn: 'arn:aws:iam::123456789012:role/remote-instance',
      tags: { 'remote:session': spec.session, 'remote:attempt': '1' },
    }),
  )
  const said = await Promise.race([done.promise, machine.off])
  await machine.off
  const told = plane.calls.find(({ path }) => path === `/v1/runner/${spec.session}/1/boot-failed`)
  if (!said) throw new Error(`the machine went off before its session was done: ${told?.body}`)
  expect(told).toBeUndefined()
  return said
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-agent-'))
  bundle = buildRunnerBundle(ARCH, join(dir, 'bundle'))
  plane = await openStubPlane(answer)
  model = await startMessagesApi(({ results }) =>
    results.length > 0
      ? { text: 'Done.' }
      : { tools: [{ name: 'Bash', input: { command: 'id -un; pwd; git log --oneline; echo four >c.txt', description: 'Who' } }] },
  )
  const agents = join(await installedAgentsDir(), 'agents')
  const baked = [bakeImage(join(dir, 'image'), { runner: bundle, agents })]
  host = await openInstanceHost({ assumeRole, ports: [plane.port, Number(new URL(model.url).port)], baked })
})
afterAll(async () => {
  await host?.close()
  plane?.close()
  await model?.close()
  await rm(dir, { recursive: true, force: true })
})

describe("what a session runs on a machine is an unprivileged user's", () => {
  it("without a way to the machine's credentials", async () => {
    const task = [
      'test "$(id -un) $HOME $(pwd -P)" = "agent /home/agent $PWD" && test -w .',
      // No rights, and none to be had by a program that grants them.
      'grep -q "CapBnd:[[:space:]]*0*$" /proc/self/status && grep -q "NoNewPrivs:[[:space:]]*1" /proc/self/status',
      '! ls /root 2>/dev/null && ! ls /var/lib/remote/sessions 2>/dev/null',
      '! curl -s --max-time 5 http://169.254.169.254/latest/meta-data/',
      '! curl -s --max-time 5 "http://[fd00:ec2::254]/latest/meta-data/"',
    ].join(' && ')
    expect((await runs(runSpec({ request: { task } }))).outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
  })

  it('whose git works in the checkout, and whose work comes home', async () => {
    const { refs, source, commit } = await shipped()
    const task = 'git log --oneline && echo two >>a.txt && git commit -qam second && echo three >b.txt && git status --short'
    const { outcome, result } = await runs(runSpec({ bundles: refs, request: { task, repository: source } }))
    expect(outcome).toMatchObject({ outcome: 'succeeded' })
    expect(result).toMatchObject({ base: commit, bundle: expect.any(String) })
    expect(plane.calls.filter(({ method, path }) => method === 'PUT' && path === `/v1/bundles/${result?.bundle}`)).toHaveLength(1)
  })

  it('and so is Claude, which works on it', async () => {
    const { refs, source } = await shipped()
    const env = { ...model.env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' }
    const request = { task: 'who are you?', agent: 'claude', repository: source, env }
    const { outcome, result, agentHandle } = await runs(runSpec({ bundles: refs, request }))
    expect(outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
    expect(model.asks.at(-1)?.results[0]).toMatch(/^agent\n\/var\/lib\/remote\/sessions\/s-\w+\/work\n\w+ first/)
    expect(result?.bundle).toBeDefined()
    expect(agentHandle).toBeDefined()
    expect(model.problems).toEqual([])
  })
})

/** A repository of one commit, of which the plane has the bundle. */
const shipped = async () => {
  const repository = await mkdtemp(join(dir, 'repository-'))
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' }).trim()
  execFileSync('git', ['init', '-q', '-b', 'main', repository])
  await writeFile(join(repository, 'a.txt'), 'one\n')
  git('add', '-A')
  git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-qm', 'first')
  const commit = git('rev-parse', 'HEAD')
  git('bundle', 'create', '-q', `${repository}.bundle`, 'HEAD', 'main')
  const bytes = readFileSync(`${repository}.bundle`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  bundles.set(sha256, bytes)
  const source = { id: createHash('sha256').update(commit).digest('hex'), commit, head: commit, branch: 'main', name: 'r' }
  const refs = [{ sha256, bytes: bytes.length, url: `/v1/bundles/${sha256}` }]
  return { refs, source, commit }
}
