import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findCredentials } from '../../../local/agent-credentials.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'credentials-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))
const claude = (env: Record<string, string>) => findCredentials(env, home).find(({ agent }) => agent === 'claude')
const login = async (content: object) => {
  await mkdir(join(home, '.claude'), { recursive: true })
  await writeFile(join(home, '.claude/.credentials.json'), JSON.stringify(content))
}

it('a key in the environment is found before the login, and its value is not told', () => {
  const found = claude({ ANTHROPIC_API_KEY: 'sk-secret-value', ANTHROPIC_BASE_URL: 'http://localhost:1' })
  expect(found).toMatchObject({
    ok: true,
    source: 'ANTHROPIC_API_KEY in the environment',
    variables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'],
  })
  expect(JSON.stringify(found)).not.toContain('sk-secret-value')
})

it('the agent’s own login is found', async () => {
  await login({ claudeAiOauth: { accessToken: 'x', refreshToken: 'y', expiresAt: 1 } })
  expect(claude({})).toMatchObject({ ok: true, source: join(home, '.claude/.credentials.json'), variables: [] })
})

it('a login that has run out for good is no login', async () => {
  await login({ claudeAiOauth: { accessToken: 'x', expiresAt: 1 } })
  expect(claude({})).toMatchObject({ ok: false, source: expect.stringContaining('expired'), hint: expect.any(String) })
})

it.skipIf(process.platform === 'darwin')('nothing found says how to log in', () => {
  expect(findCredentials({ ANTHROPIC_API_KEY: '' }, home)).toMatchObject([
    { agent: 'claude', ok: false, hint: expect.stringContaining('claude') },
    { agent: 'codex', ok: false, hint: expect.stringContaining('codex login') },
  ])
})
