import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cachedSetup } from '../../../agent-bootstrap/cached-setup.ts'
import { trustedGitDir } from '../../../agent-bootstrap/git/session-git.ts'
import { setupKey } from '../../../agent-bootstrap/setup-key.ts'
import type { EventBody } from '../../../core/contract/events.ts'
import { runSpec } from '../../support/fake-control-plane.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-setup-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const ENV = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }
const repository = { id: 'a'.repeat(64), commit: 'b'.repeat(40), name: 'r' }

const git = (workDir: string, ...args: string[]) => execFileSync('git', args, { cwd: workDir, env: ENV })
/** As a checkout has it: the session's own git directory, and beside it the one that is believed. */
const note = async (workDir: string) => {
  git(workDir, 'add', '-A')
  await rm(trustedGitDir(workDir), { recursive: true, force: true })
  await cp(join(workDir, '.git'), trustedGitDir(workDir), { recursive: true })
}
const checkout = async (name: string, files: Record<string, string>) => {
  const workDir = join(dir, name, 'work')
  await mkdir(workDir, { recursive: true })
  git(workDir, 'init', '-q')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(workDir, path)), { recursive: true })
    await writeFile(join(workDir, path), text)
  }
  await note(workDir)
  return workDir
}
const setUp = async (workDir: string, commands: string[], inputs: string[] = []) => {
  const events: EventBody[] = []
  const spec = runSpec({ request: { repository, setup: { commands, inputs } } })
  const failure = await cachedSetup({
    spec,
    workDir,
    cwd: workDir,
    env: ENV,
    dataDir: join(dir, 'data'),
    confine: async (command, args, env) => ({ command, args, env }),
    emit: async (body) => {
      events.push(body)
    },
  })
  return { failure, events, ran: events.filter(({ type }) => type === 'tool').length / 2 }
}

const FILES = { lock: '1', '.gitignore': 'deps\n' }
const INSTALL = ['mkdir -p deps/bin && cat lock > deps/version && ln -s ../version deps/bin/v && echo installed']

describe('[setup]', () => {
  it('runs its commands in order and shows them as tool calls', async () => {
    const { events, failure } = await setUp(await checkout('a', FILES), ['echo one > x', 'cat x >&2'])
    expect(failure).toBeUndefined()
    expect(events.map((body) => (body.type === 'tool' ? [body.title, body.status, body.output] : body))).toEqual([
      ['echo one > x', 'in_progress', undefined],
      ['echo one > x', 'completed', ''],
      ['cat x >&2', 'in_progress', undefined],
      ['cat x >&2', 'completed', 'one\n'],
    ])
  })

  it('stops at the first command that fails', async () => {
    const { failure, ran } = await setUp(await checkout('a', FILES), ['exit 3', 'echo never'])
    expect(failure).toEqual({ command: 'exit 3', how: 'exited with 3' })
    expect(ran).toBe(1)
  })

  it('puts the kept result in place when the inputs are the same', async () => {
    expect((await setUp(await checkout('a', FILES), INSTALL, ['lock'])).ran).toBe(1)
    const second = await checkout('b', FILES)
    expect((await setUp(second, INSTALL, ['lock'])).ran).toBe(0)
    expect(await readFile(join(second, 'deps/bin/v'), 'utf8')).toBe('1')
  })

  it('runs again when an input or a command changed, or no inputs are named', async () => {
    await setUp(await checkout('a', FILES), INSTALL, ['lock'])
    expect((await setUp(await checkout('b', { ...FILES, lock: '2' }), INSTALL, ['lock'])).ran).toBe(1)
    expect((await setUp(await checkout('c', FILES), [...INSTALL, 'true'], ['lock'])).ran).toBe(2)
    expect((await setUp(await checkout('d', FILES), INSTALL)).ran).toBe(1)
  })

  it('says that what was kept is of another architecture, and makes it anew', async () => {
    const first = await checkout('a', FILES)
    expect((await setUp(first, INSTALL, ['lock'])).ran).toBe(1)
    const store = join(dir, 'data', 'setup', repository.id)
    const other = process.arch === 'arm64' ? 'x64' : 'arm64'
    const setup = { commands: INSTALL, inputs: ['lock'] }
    await rename(join(store, await setupKey(setup, first)), join(store, await setupKey(setup, first, other)))
    const { ran, events } = await setUp(await checkout('b', FILES), INSTALL, ['lock'])
    expect(ran).toBe(1)
    expect(events[0]).toMatchObject({ type: 'notice', text: expect.stringContaining(`made on ${other} and this machine is`) })
  })

  it('is not kept where something lay before: nobody knows then what the commands make', async () => {
    const cut = await checkout('a', FILES)
    await mkdir(join(cut, 'deps')) // by a runner that was killed in the middle of it, or by the session before in a workspace
    expect((await setUp(cut, INSTALL, ['lock'])).failure).toBeUndefined()
    const second = await checkout('b', FILES)
    expect((await setUp(second, INSTALL, ['lock'])).ran).toBe(1)
    expect(await readFile(join(second, 'deps/version'), 'utf8')).toBe('1')
  })

  it('is made, and kept, anew where what was kept is damaged', async () => {
    const first = await checkout('a', FILES)
    await setUp(first, INSTALL, ['lock'])
    const kept = join(dir, 'data', 'setup', repository.id, await setupKey({ commands: INSTALL, inputs: ['lock'] }, first))
    await writeFile(join(kept, 'made.tar'), '')
    expect((await setUp(await checkout('b', FILES), INSTALL, ['lock'])).ran).toBe(1)
    expect((await setUp(await checkout('c', FILES), INSTALL, ['lock'])).ran).toBe(0)
    await rm(join(kept, 'made.tar'))
    expect((await setUp(await checkout('d', FILES), INSTALL, ['lock'])).ran).toBe(1)
    expect((await setUp(await checkout('e', FILES), INSTALL, ['lock'])).ran).toBe(0)
  })

  it('does not follow a link out of the checkout', async () => {
    const made = await checkout('a', { lock: '1', 'sub/tracked': '' })
    await setUp(made, ['echo made > sub/made'], ['lock'])
    const outside = join(dir, 'outside')
    await mkdir(outside)
    const second = await checkout('b', { lock: '1' })
    await symlink(outside, join(second, 'sub'))
    await setUp(second, ['echo made > sub/made'], ['lock'])
    // The command itself may write there (that is the sandbox's business); what is kept is not copied there.
    expect((await setUp(second, ['echo made > sub/made'], ['lock'])).ran).toBe(1)
  })

  it.each([
    ['src', 'is a directory'],
    ['zero', 'is not in the repository'],
    ['pipe', 'is not a plain file'],
    ['../../secret', 'is not in the repository'],
  ])('refuses the input %s: it %s', async (input, why) => {
    const workDir = await checkout('a', { lock: '1', 'src/a': '' })
    await symlink('/dev/zero', join(workDir, 'zero'))
    execFileSync('mkfifo', [join(workDir, 'pipe')])
    await writeFile(join(dir, 'secret'), '')
    await expect(setUp(workDir, INSTALL, ['lock', input])).rejects.toMatchObject({
      code: 'refused',
      message: `the input "${input}" of [setup] ${why}`,
      hint: expect.any(String),
    })
  })

  it('takes an input that is a link inside the repository for what it leads to, and one that is missing for absent', async () => {
    const inputs = ['link', 'missing']
    const linked = async (name: string, lock: string) => {
      const workDir = await checkout(name, { ...FILES, lock })
      await symlink('lock', join(workDir, 'link'))
      await note(workDir)
      return workDir
    }
    expect((await setUp(await linked('a', '1'), INSTALL, inputs)).ran).toBe(1)
    expect((await setUp(await linked('b', '1'), INSTALL, inputs)).ran).toBe(0)
    expect((await setUp(await linked('c', '2'), INSTALL, inputs)).ran).toBe(1)
  })

  it('runs no program that its commands planted in the git directory', async () => {
    const witness = join(dir, 'witness')
    const plant = [
      'git config extensions.partialClone origin && git config remote.origin.promisor true',
      `git config remote.origin.url "ext::touch ${witness}" && git config protocol.ext.allow always`,
      `git config core.fsmonitor "touch ${witness}"`,
      'git -c user.name=a -c user.email=a@b commit -qm x && git sparse-checkout set --cone --sparse-index b',
      'rm -f .git/objects/$(git rev-parse HEAD:a | cut -c1-2)/$(git rev-parse HEAD:a | cut -c3-)',
      `rm -f ${witness}; mkdir a; touch a/new made`,
    ]
    const { failure, events } = await setUp(await checkout('w', { lock: '1', 'a/1': '1', 'b/2': '2' }), plant, ['lock'])
    expect(failure).toBeUndefined()
    expect(events.filter(({ type }) => type === 'notice')).toEqual([])
    expect(existsSync(witness)).toBe(false)
  })
})
