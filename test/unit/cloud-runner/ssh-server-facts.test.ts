import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sshServerFacts } from '../../../agent-bootstrap/cloud/ssh-server-facts.ts'
import { SshServer } from '../../../core/contract/ssh.ts'

const root = mkdtempSync(join(tmpdir(), 'remote-ssh-facts-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const at = (address: string | undefined) => ({
  get: async (path: string) => (path === 'meta-data/local-ipv4' ? address : undefined),
})

it('the host key is one that OpenSSH reads, and its public half is what the control plane is told', async () => {
  const dir = join(root, 'key')
  const facts = await sshServerFacts(dir, 'agent', at('10.113.0.7\n'))
  const { stdout, stderr } = spawnSync('ssh-keygen', ['-y', '-f', join(dir, 'host_key')], { encoding: 'utf8' })
  expect([stdout.trim(), stderr]).toEqual([facts['sshHostKey'], ''])
  expect(statSync(join(dir, 'host_key')).mode & 0o777).toBe(0o600)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(
    SshServer.safeParse({ address: facts['sshAddress'], hostKey: facts['sshHostKey'], user: facts['sshUser'] }).success,
  ).toBe(true)
})

it('a machine has one host key, however many runners ask for it at once, and again', async () => {
  const dir = join(root, 'once')
  const all = await Promise.all(Array.from({ length: 5 }, () => sshServerFacts(dir, 'agent', at('10.113.0.7'))))
  expect(new Set([...all, await sshServerFacts(dir, 'agent', at('10.113.0.7'))].map((facts) => facts['sshHostKey'])).size).toBe(1)
  expect(readdirSync(root).filter((name) => name.startsWith('once'))).toEqual(['once'])
})

it('a session runs also where nothing can be told of ssh', async () => {
  expect(await sshServerFacts(join(root, 'nowhere'), 'agent', at(undefined))).toEqual({})
  const silent = { get: () => Promise.reject(new Error('no answer')) }
  expect(await sshServerFacts(join(root, 'silent'), 'agent', silent)).toEqual({})
  expect(await sshServerFacts('/proc/no/such/place', 'agent', at('10.113.0.7'))).toEqual({})
})
