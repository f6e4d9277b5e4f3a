import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { prepareAgentHome } from '../../../agent-bootstrap/agents/agent-home.ts'
import { copyAgentMemory, costAtResume } from '../../../agent-bootstrap/agents/agent-memory.ts'

let root: string
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'agent-home-')))
  await mkdir(join(root, 'home/.claude'), { recursive: true })
})
afterEach(() => rm(root, { recursive: true, force: true }))
const put = async (path: string, text: string) => {
  await mkdir(join(root, path, '..'), { recursive: true })
  await writeFile(join(root, path), text)
}
const get = (path: string) => readFile(join(root, path), 'utf8')
const prepare = () => prepareAgentHome('claude', join(root, 'private'), { HOME: join(root, 'home') })

it('the agent gets the login and the model of the user, not rules and hooks', async () => {
  await put('home/.claude/.credentials.json', '{"login":1}')
  await put('home/.claude/settings.json', JSON.stringify({ model: 'opus', permissions: { allow: ['Bash'] }, hooks: {} }))
  await put('home/.claude.json', JSON.stringify({ oauthAccount: { id: 1 }, projects: { '/secret': {} } }))
  expect(await prepare()).toEqual({ CLAUDE_CONFIG_DIR: join(root, 'private/claude') })
  expect(await get('private/claude/.credentials.json')).toBe('{"login":1}')
  expect(JSON.parse(await get('private/claude/settings.json'))).toEqual({ model: 'opus' })
  expect(JSON.parse(await get('private/claude/.claude.json'))).toEqual({ hasCompletedOnboarding: true, oauthAccount: { id: 1 } })
  expect((await stat(join(root, 'private/claude'))).mode & 0o777).toBe(0o700)
})

it('a login that the agent renewed is not replaced by an older one, but by a newer', async () => {
  await put('home/.claude/.credentials.json', 'old')
  await prepare()
  await put('private/claude/.credentials.json', 'renewed')
  await prepare()
  expect(await get('private/claude/.credentials.json')).toBe('renewed')
  await put('home/.claude/.credentials.json', 'logged in again')
  const later = new Date(Date.now() + 10_000)
  await utimes(join(root, 'home/.claude/.credentials.json'), later, later)
  await prepare()
  expect(await get('private/claude/.credentials.json')).toBe('logged in again')
})

it('settings that are not JSON are left out', async () => {
  await put('home/.claude/settings.json', '{ broken')
  await prepare()
  expect(await get('private/claude/settings.json')).toBe('{}')
})

it('memory is found from another directory, once copied, and what is there stays', async () => {
  await put(
    'a/claude/projects/-somewhere-else/id.jsonl',
    '{"type":"cost-state","totalCostUSD":0.5}\n{"type":"cost-state","sessionId":"id","totalCostUSD":1.25}\n',
  )
  await mkdir(join(root, 'work'))
  await mkdir(join(root, 'a/claude/.claude.json.lock'))
  await copyAgentMemory(join(root, 'a'), join(root, 'b'), join(root, 'work'))
  const key = join(root, 'work').replace(/[^a-zA-Z0-9]/g, '-')
  expect(await get(`b/claude/projects/${key}/id.jsonl`)).toContain('cost-state')
  expect(existsSync(join(root, 'b/claude/.claude.json.lock'))).toBe(false)
  expect(await costAtResume('claude', join(root, 'b'), 'id')).toBe(1.25)
  expect(await costAtResume('claude', join(root, 'b'), 'another')).toBe(0)
  await put(`b/claude/projects/${key}/id.jsonl`, 'grown')
  await copyAgentMemory(join(root, 'a'), join(root, 'b'), join(root, 'work'))
  expect(await get(`b/claude/projects/${key}/id.jsonl`)).toBe('grown')
})

it('a link that an agent planted is neither read nor written through, by the next attempt or by a resumed session', async () => {
  await put('home/private.json', '{"token":"hidden from the sandbox"}')
  await put('home/projects/mine/work.txt', 'mine')
  await prepare()
  await rm(join(root, 'private/claude/.claude.json'))
  await symlink(join(root, 'home/private.json'), join(root, 'private/claude/.claude.json'))
  await prepare()
  expect(await get('private/claude/.claude.json')).toBe('{"hasCompletedOnboarding":true}')

  await rm(join(root, 'private/claude/.claude.json'))
  await symlink(join(root, 'home/private.json'), join(root, 'private/claude/.claude.json'))
  await symlink(join(root, 'home/projects'), join(root, 'private/claude/projects'))
  await copyAgentMemory(join(root, 'private'), join(root, 'resumed'), root)
  expect(existsSync(join(root, 'resumed/claude/.claude.json'))).toBe(false)
  expect(existsSync(join(root, 'resumed/claude/projects'))).toBe(false)

  await rm(join(root, 'private/claude'), { recursive: true })
  await symlink(join(root, 'home'), join(root, 'private/claude'))
  await copyAgentMemory(join(root, 'private'), join(root, 'again'), root)
  expect(existsSync(join(root, 'again/claude'))).toBe(false)
  await copyAgentMemory(join(root, 'nothing'), join(root, 'private'), root)
  expect(await costAtResume('claude', join(root, 'private'), 'work')).toBe(0)
  await prepare()
  expect(existsSync(join(root, 'home/settings.json'))).toBe(false)
  expect(await get('home/projects/mine/work.txt')).toBe('mine')
})

it('a copy that was cut off is not taken for one', async () => {
  await put('home/.claude/.credentials.json', 'whole')
  await put('home/.claude/skills/one.md', 'one')
  await put('private/claude/.credentials.json.copy', 'wh')
  await put('private/claude/skills.copy/half.md', 'o')
  await prepare()
  expect(await get('private/claude/.credentials.json')).toBe('whole')
  expect(readdirSync(join(root, 'private/claude/skills'))).toEqual(['one.md'])
  expect(readdirSync(join(root, 'private/claude')).filter((name) => name.endsWith('.copy'))).toEqual([])
})

it('a resumed session logs in as the user does now, or not at all: the login of the session before is not handed on', async () => {
  await put('home/.claude/.credentials.json', 'then')
  await prepare()
  await put('private/claude/.credentials.json', 'renewed by the agent')
  await put('private/claude/projects/p/id.jsonl', 'memory')
  await copyAgentMemory(join(root, 'private'), join(root, 'resumed'), root)
  expect(existsSync(join(root, 'resumed/claude/.credentials.json'))).toBe(false)
  const env = { HOME: join(root, 'home') }
  await prepareAgentHome('claude', join(root, 'resumed'), env)
  expect(await get('resumed/claude/.credentials.json')).toBe('then')

  await rm(join(root, 'home/.claude/.credentials.json'))
  await copyAgentMemory(join(root, 'private'), join(root, 'later'), root)
  await prepareAgentHome('claude', join(root, 'later'), env)
  expect(existsSync(join(root, 'later/claude/.credentials.json'))).toBe(false)
})

it.each([
  ['claude', '.claude/.credentials.json', 'claude/.credentials.json'],
  ['codex', '.codex/auth.json', 'codex/auth.json'],
])('a login of %s that was removed when a session ended is brought again', async (agent, original, copy) => {
  await put(`home/${original}`, 'then')
  const bring = () => prepareAgentHome(agent, join(root, 'private'), { HOME: join(root, 'home') })
  await bring()
  await rm(join(root, 'private', copy))
  await put(`home/${original}`, 'now')
  await bring()
  expect(await get(`private/${copy}`)).toBe('now')
})
