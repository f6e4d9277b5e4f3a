import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepSetting } from '../../../cli/keep-setting.ts'
import { userConfigFile } from '../../../cli/settings.ts'

let env: { REMOTE_HOME: string }
beforeAll(() => {
  env = { REMOTE_HOME: mkdtempSync(join(tmpdir(), 'remote-keep-')) }
  mkdirSync(dirname(userConfigFile(env)), { recursive: true })
})
afterAll(() => rmSync(env.REMOTE_HOME, { recursive: true }))

const kept = () => readFileSync(userConfigFile(env), 'utf8')

it.each([
  ['another way of writing a table', 'defaults = { ttl = "1h" }\n'],
  ['a dotted key', 'defaults.ttl = "1h"\n'],
  ['a value of several lines', '[defaults]\nttl = """1\nh"""\n'],
  ['what is no TOML', 'ttl: 1h\n'],
])('a file with %s is left as it is', async (_, text) => {
  writeFileSync(userConfigFile(env), text)
  await expect(keepSetting(env, 'ttl', '2h')).rejects.toMatchObject({ code: 'refused', hint: expect.stringContaining('by hand') })
  expect(kept()).toBe(text)
})

it('what is kept is what is read, and gone when it is given up', async () => {
  writeFileSync(userConfigFile(env), '# mine\n[defaults]\n"ttl" = "1h" # short\n')
  await keepSetting(env, 'ttl', '2h')
  await keepSetting(env, 'agent-command', 'say "it\\n" \t\u0001')
  expect(kept()).toContain('# mine')
  await keepSetting(env, 'ttl', '')
  await keepSetting(env, 'agent-command', '')
  expect(kept()).toBe('# mine\n[defaults]\n')
})
