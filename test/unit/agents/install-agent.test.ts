import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AGENT_CATALOGUE } from '../../../agent-bootstrap/agents/agent-catalogue.ts'
import { provideAgent } from '../../../agent-bootstrap/agents/install-agent.ts'
import { installedAgentsDir } from '../../support/agents.ts'

let root: string
const notices: string[] = []
const wanted = (more: object = {}) => ({
  agent: 'claude',
  dataDir: join(root, 'data'),
  path: join(root, 'bin'),
  notice: (text: string) => notices.push(text),
  ...more,
})

/** A stand-in for npm that installs the package from nowhere, slowly enough to be raced. */
const fakeNpm = async (script: string) => {
  await mkdir(join(root, 'bin'), { recursive: true })
  await writeFile(join(root, 'bin/npm'), `#!/bin/sh\n${script}\n`)
  await chmod(join(root, 'bin/npm'), 0o755)
}
const entry = AGENT_CATALOGUE['claude']
if (!entry) throw new Error('claude is not in the catalogue')
const manifest = JSON.stringify({ name: entry.package, version: entry.version, bin: { [entry.bin]: 'run.js' } })
const installs = `while [ "$1" != --prefix ]; do shift; done; echo x >> "${'$'}{2}/../../npm-runs"; sleep 0.3; d="$2/node_modules/${entry.package}"; mkdir -p "$d"; echo '${manifest}' > "$d/package.json"; echo > "$d/run.js"`

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'install-agent-'))
  notices.length = 0
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('an agent', () => {
  it('really is installed, once, at the pinned version', async () => {
    const program = await provideAgent(wanted({ dataDir: await installedAgentsDir() }))
    const { stdout } = await promisify(execFile)(program.command, [...program.args, '--version'], { timeout: 30_000 })
    expect(stdout.trim()).toBe(entry.version)
    expect(program.what).toBe(`claude-agent-acp ${entry.version}`)
  }, 300_000)

  it('that sessions want at the same time is installed once', async () => {
    await fakeNpm(installs)
    const path = `${join(root, 'bin')}:/usr/bin:/bin`
    const programs = await Promise.all(Array.from({ length: 4 }, () => provideAgent(wanted({ path }))))
    expect(new Set(programs.map(({ args }) => args[0])).size).toBe(1)
    expect(notices.filter((text) => text.startsWith('Installed'))).toHaveLength(1)
    expect(await readdir(join(root, 'data/agents'))).toEqual([`claude@${entry.version}`])
  })

  it('is not waited for when the lock names nobody, or there can be none', async () => {
    await fakeNpm(installs)
    const agents = join(root, 'data/agents')
    await mkdir(agents, { recursive: true })
    await writeFile(join(agents, `claude@${entry.version}.lock`), '')
    await provideAgent(wanted({ path: `${join(root, 'bin')}:/usr/bin:/bin` }))
    await writeFile(join(root, 'no-directory'), '')
    const never = provideAgent(wanted({ dataDir: join(root, 'no-directory'), path: `${join(root, 'bin')}:/usr/bin:/bin` }))
    await expect(never).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it('is not waited for when whoever was installing it has died', async () => {
    await fakeNpm(installs)
    await mkdir(join(root, 'data/agents'), { recursive: true })
    await writeFile(join(root, `data/agents/claude@${entry.version}.lock`), '4194399')
    await provideAgent(wanted({ path: `${join(root, 'bin')}:/usr/bin:/bin` }))
  })

  it('that cannot be fetched is a refusal that says what to do, and leaves nothing behind', async () => {
    await fakeNpm('echo "npm error network request failed" >&2; exit 1')
    const refusal = provideAgent(wanted({ path: `${join(root, 'bin')}:/usr/bin:/bin` }))
    await expect(refusal).rejects.toMatchObject({
      code: 'agent_missing',
      message: expect.stringContaining('network request failed'),
      hint: expect.stringContaining('npm install -g'),
    })
    expect(await readdir(join(root, 'data/agents'))).toEqual([])
  })

  it('that takes too long to fetch is given up', async () => {
    await fakeNpm('exec sleep 60')
    const refusal = provideAgent(wanted({ path: `${join(root, 'bin')}:/usr/bin:/bin`, deadlineMs: 300 }))
    await expect(refusal).rejects.toMatchObject({ code: 'agent_missing', message: expect.stringContaining('did not finish') })
  })

  it('the user installed is taken from PATH and named', async () => {
    await mkdir(join(root, 'bin'), { recursive: true })
    await writeFile(join(root, 'bin/claude-agent-acp'), '#!/bin/sh\n', { mode: 0o755 })
    // What cannot be run is passed over.
    await mkdir(join(root, 'first/claude-agent-acp'), { recursive: true })
    await mkdir(join(root, 'second'))
    await writeFile(join(root, 'second/claude-agent-acp'), '')
    const program = await provideAgent(wanted({ path: ['first', 'second', 'bin'].map((name) => join(root, name)).join(':') }))
    expect(program).toMatchObject({
      command: expect.stringMatching(/bin\/claude-agent-acp$/),
      what: expect.stringContaining('from'),
    })
  })

  it('nobody knows is refused with the known ones', async () => {
    await expect(provideAgent(wanted({ agent: 'clod' }))).rejects.toMatchObject({
      code: 'agent_missing',
      hint: expect.stringContaining('claude, codex, shell'),
    })
  })

  it('can be any command line', async () => {
    expect(await provideAgent(wanted({ agent: 'other', agentCommand: 'my-agent --acp' }))).toMatchObject({
      args: ['-c', '--', 'my-agent --acp'],
    })
  })
})
