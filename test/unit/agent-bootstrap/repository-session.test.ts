import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { outputOf, readLog, sessionDir, startRunner } from '../../support/runner-process.ts'

const dirs: string[] = []
const planes: FakeControlPlane[] = []
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.close()
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})

const IDENTITY = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@x',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@x',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
const gitIn =
  (cwd: string) =>
  (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], ...IDENTITY } }).trim()

/** A session with a repository of one commit; the plane has its bundle. */
const open = async (task: string, request: Parameters<typeof runSpec>[0] = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-repo-'))
  dirs.push(dir)
  const git = gitIn(dir)
  git('init', '-q', '-b', 'main')
  await mkdir(join(dir, 'src'))
  await writeFile(join(dir, 'src/a.txt'), 'one\n')
  await writeFile(join(dir, 'lock'), '1')
  git('add', '-A')
  git('commit', '-qm', 'first')
  const commit = git('rev-parse', 'HEAD')
  git('bundle', 'create', '-q', 'b.bundle', 'main')
  const bytes = await readFile(join(dir, 'b.bundle'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const repository = { id: createHash('sha256').update(commit).digest('hex'), commit, head: commit, branch: 'main', name: 'r' }
  const bundles = [{ sha256, bytes: bytes.length, url: `/v1/bundles/${sha256}` }]
  const plane = await openFakeControlPlane(runSpec({ ...request, bundles, request: { task, repository, ...request.request } }))
  planes.push(plane)
  plane.bundles.set(sha256, bytes)
  return { plane, dir, git, commit }
}
const run = async (plane: FakeControlPlane) => {
  const runner = startRunner(plane)
  expect([await runner.exit, runner.stderr()]).toEqual([0, ''])
  const events = await readLog(plane)
  return { events, stdout: outputOf(events, 'stdout').toString(), done: plane.said.done[0] }
}

describe('a session with a repository', () => {
  it.each(['on', 'off'] as const)('works on the snapshot and brings its changes home (sandbox %s)', async (sandbox) => {
    const { plane, dir, git, commit } = await open('cat a.txt; pwd; echo two >> a.txt; echo new > b.txt', {
      request: { cwd: 'src', sandbox },
    })
    const { stdout, done, events } = await run(plane)
    expect(stdout).toBe(`one\n${join(sessionDir(plane), 'work/src')}\n`)
    expect(done).toMatchObject({
      outcome: { outcome: 'succeeded' },
      result: { base: commit, files: 2, insertions: 2, deletions: 0 },
    })
    const bundle = plane.bundles.get(done?.result?.bundle ?? '')
    await writeFile(join(dir, 'result.bundle'), bundle ?? '')
    git('fetch', '-q', 'result.bundle', `${done?.result?.branch}:result`)
    expect(git('rev-parse', 'result')).toBe(done?.result?.commit)
    expect(git('show', 'result:src/a.txt')).toBe('one\ntwo')
    expect(events.map(({ head }) => head.type)).toContain('git')
    expect(existsSync(join(sessionDir(plane), 'bundles'))).toBe(false)
  })

  it('that was terminated keeps the result so far', async () => {
    const { plane } = await open('echo two >> src/a.txt; echo up; sleep 300')
    const runner = startRunner(plane)
    await plane.until('it runs', () => existsSync(join(sessionDir(plane), 'log/1/000000000001')))
    await plane.until('it beats', () => plane.said.beat.length > 0)
    plane.terminate('now')
    await runner.exit
    expect(plane.said.done[0]).toMatchObject({ outcome: { outcome: 'terminated' }, result: { files: 1, insertions: 1 } })
  })

  it('without changes has an empty result', async () => {
    const { plane, commit } = await open('true')
    const { done } = await run(plane)
    expect(done?.result).toMatchObject({ base: commit, commit, files: 0 })
    expect(done?.result?.bundle).toBeUndefined()
  })

  it('runs [setup] first, and only once for the same inputs', async () => {
    const { plane } = await open('cat made', {
      request: { setup: { commands: ['echo made > made; echo said'], inputs: ['lock'] } },
    })
    const { stdout, events } = await run(plane)
    expect(stdout).toBe('made\n')
    expect(events.filter(({ head }) => head.type === 'tool')).toHaveLength(2)
  })

  it('whose setup fails does not start its command', async () => {
    const { plane } = await open('echo never', { request: { setup: { commands: ['exit 9'], inputs: [] } } })
    const { stdout, done } = await run(plane)
    expect(stdout).toBe('')
    expect(done?.outcome).toMatchObject({ outcome: 'failed', code: 'setup', reason: 'The setup command "exit 9" exited with 9.' })
  })

  it('whose result cannot be saved has failed, and says where the files are', async () => {
    const { plane } = await open('rm -rf ../git; echo two >> src/a.txt')
    const { done, events } = await run(plane)
    expect(done?.outcome).toMatchObject({ outcome: 'failed', code: 'result' })
    expect(done?.outcome.reason).toContain(`The files are kept in ${join(sessionDir(plane), 'work')}.`)
    expect(done?.result).toBeUndefined()
    expect(events.filter(({ head }) => head.type === 'notice')).toHaveLength(1)
  })

  it('that failed for another reason keeps that reason when its result cannot be saved, too', async () => {
    const { plane } = await open('rm -rf ../git; exit 3')
    const { done, events } = await run(plane)
    expect(done?.outcome).toMatchObject({ outcome: 'failed', code: 'exit', exitCode: 3 })
    expect(events.some(({ head }) => head.type === 'notice' && head.text.includes('could not be saved'))).toBe(true)
  })

  const fake = fileURLToPath(import.meta.resolve('../../support/fake-acp-agent.ts'))
  it.each([
    ['resumed', 'fake-1', 'write b'],
    ['begun anew', '$(od -An -N4 -tx4 /dev/urandom | tr -d " ")', 'write a\n\nwrite b'],
  ])('takes a message that comes while its result is brought home (its agent is %s)', async (_, name, prompt) => {
    const agent = { agent: 'fake', agentCommand: `FAKE_SESSION=${name} '${process.execPath}' '${fake}'` }
    const { plane, git, dir } = await open('write a', { request: agent })
    let posted = false
    plane.onBundle = async () => {
      if (posted) return
      posted = true
      plane.post({ kind: 'message', text: 'write b' })
      await plane.until('it is brought', () => plane.said.beat.length > 1)
    }
    const { done, events } = await run(plane)
    const said = events.flatMap(({ head }) => (head.type === 'message' && head.role === 'user' ? [head.text] : []))
    expect(said).toEqual(['write a', prompt])
    expect(done).toMatchObject({ outcome: { outcome: 'succeeded' }, inboxHandled: 1 })
    await writeFile(join(dir, 'result.bundle'), plane.bundles.get(done?.result?.bundle ?? '') ?? '')
    git('fetch', '-q', 'result.bundle', `${done?.result?.branch}:result`)
    expect(git('grep', '-l', 'write b', 'result')).not.toBe('')
  })

  it('whose bundle is missing says so', async () => {
    const { plane } = await open('true')
    plane.bundles.clear()
    const { done } = await run(plane)
    expect(done?.outcome.outcome).not.toBe('succeeded')
    expect(done?.outcome.reason).toContain('404')
  })
})

it('an agent is installed beside the checkout, not after it', async () => {
  const { plane, dir } = await open('say', { request: { agent: 'claude' } })
  const marks = { npm: join(dir, 'npm-began'), checkout: join(sessionDir(plane), 'work/lock') }
  // Each waits for the other to be under way: one after the other, neither would come to an end.
  const npm = `#!/bin/sh\n: > ${marks.npm}\nuntil test -e ${marks.checkout}; do sleep 0.05; done\necho 'not really installed' >&2; exit 1\n`
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin/npm'), npm, { mode: 0o755 })
  plane.onFetch = async () => {
    while (!existsSync(marks.npm)) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  plane.spec.request.env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` }
  const runner = startRunner(plane)
  expect(await runner.exit).toBe(0)
  expect(existsSync(marks.checkout)).toBe(true)
  expect(plane.said.done[0]?.outcome).toMatchObject({
    code: 'agent_missing',
    reason: expect.stringContaining('not really installed'),
  })
})
