import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepAgentLogin } from '../../../agent-bootstrap/cloud/agent-login.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'login-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const login = (n: number) => ({
  credentials: { accessKeyId: `ASIA${n}`, secretAccessKey: `secret-key-${n}`, sessionToken: `token-token-${n}` },
  expiresAt: `2026-01-01T0${n}:00:00Z`,
})

it('is what AWS’s SDKs take from a program, replaced as a whole, and hidden in the log before it is there', () => {
  const kept = keepAgentLogin(login(1), { region: 'eu-west-1', dir, user: undefined })
  const config = readFileSync(kept.env.AWS_CONFIG_FILE, 'utf8')
  const program = /^credential_process = (.*)$/m.exec(config)?.[1] ?? ''
  const says = () => JSON.parse(execFileSync('sh', ['-c', program], { encoding: 'utf8' }))
  expect(config).toContain('region = eu-west-1')
  expect(says()).toEqual({
    ...{ Version: 1, AccessKeyId: 'ASIA1', SecretAccessKey: 'secret-key-1', SessionToken: 'token-token-1' },
    Expiration: '2026-01-01T01:00:00Z',
  })
  const hidden: string[] = []
  const seen: string[] = []
  kept.onHidden((secrets) => {
    hidden.push(...secrets.map((one) => (typeof one === 'string' ? one : one.value)))
    seen.push(says().AccessKeyId)
  })
  kept.renewed(login(2))
  expect(hidden).toEqual(['secret-key-1', 'token-token-1', 'secret-key-2', 'token-token-2'])
  expect(seen).toEqual(['ASIA1', 'ASIA1'])
  expect(says()).toMatchObject({ AccessKeyId: 'ASIA2', Expiration: '2026-01-01T02:00:00Z' })
})

it.skipIf(process.getuid?.() !== 0)('only the agent’s user can read it, and nobody but us can put anything in its place', () => {
  const kept = keepAgentLogin(login(1), { region: 'eu-west-1', dir, user: 'nobody' })
  const facts = statSync(join(dir, 'login', 'credentials.json'))
  expect(facts.mode & 0o777).toBe(0o400)
  expect(facts.uid).toBe(Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' })))
  expect(statSync(join(dir, 'login')).mode & 0o777).toBe(0o711)
  expect(statSync(join(dir, 'login')).uid).toBe(0)
  kept.renewed(login(2))
  expect(statSync(join(dir, 'login', 'credentials.json')).uid).toBe(facts.uid)
})
