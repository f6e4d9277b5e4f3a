import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AwsV4Signer } from 'aws4fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { AuditEntry } from '../../core/contract/audit.ts'
import type { TimelineEntry } from '../../core/contract/session.ts'
import { REGION } from './cloud.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsal({ machines: false })
  await done(['cloud', 'use'])
}, 300_000)
afterAll(() => rehearsal?.close())

const done = async (args: string[], more: { stdin?: string; cwd?: string } = {}) => {
  const { code, out, stderr } = await rehearsal.cli(args, more)
  expect(code, stderr).toBe(0)
  return out.trim()
}
const audit = async (...args: string[]) =>
  (JSON.parse(await done(['audit', '--on', 'cloud', '--json', ...args])) as { entries: AuditEntry[] }).entries
/** A connection as a viewer's, of whoever the person's programs are. */
const viewer = async () => {
  const url = `${(rehearsal.outputs['SocketUrl'] ?? '').replace(/^ws/, 'http')}?role=viewer`
  const { env } = rehearsal
  const keys = { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' }
  const signer = new AwsV4Signer({ ...keys, url, method: 'GET', service: 'execute-api', region: REGION, signQuery: true })
  const socket = new WebSocket((await signer.sign()).url.href.replace(/^http/, 'ws'))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return socket
}

it('whatever a person does in the cloud is recorded by the name that IAM knows, and how it ended', async () => {
  const repository = join(rehearsal.world.home, 'repository')
  mkdirSync(repository)
  writeFileSync(join(repository, 'file'), 'text\n')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: repository })
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message', 'one')

  await done(['secrets', 'set', 'TOKEN', '--on', 'cloud'], { stdin: 'never-shown-1' })
  await done(['secrets', 'delete', 'TOKEN', '--on', 'cloud'])
  await done(['workspace', 'create', 'alpha', '--on', 'cloud'])
  await done(['workspace', 'resize', 'alpha', '--size', '30gb', '--on', 'cloud'])
  const empty = await rehearsal.cli(['workspace', 'snapshot', 'alpha', '--on', 'cloud'])
  expect(empty.code).not.toBe(0)
  await done(['workspace', 'delete', 'alpha', '--yes', '--on', 'cloud'])
  await done(['budget', 'set', '--daily', '20', '--on', 'cloud'])
  const session = await done(['dispatch', '--on', 'cloud', '--detach', '--quiet', '--agent', 'shell', 'true'], {
    cwd: repository,
  })
  await done(['terminate', session])

  const entries = await audit()
  expect(entries.map(({ what, on, ended }) => [what, on, ended?.code])).toEqual([
    ['stop asked', `session ${session}`, 'done'],
    ['dispatched', `session ${session}`, 'done'],
    ['bundle store', expect.stringMatching(/^bundle [0-9a-f]{64}$/), 'done'],
    ['budget set', 'budget', 'done'],
    ['workspace delete', 'workspace alpha', 'done'],
    ['workspace snapshot', 'workspace alpha', 'refused'],
    ['workspace resize', 'workspace alpha', 'done'],
    ['workspace create', 'workspace alpha', 'done'],
    ['secret delete', 'secret TOKEN', 'done'],
    ['secret set', 'secret TOKEN', 'done'],
  ])
  expect(new Set(entries.map(({ by }) => by))).toEqual(new Set(['ada']))
  expect(JSON.stringify(entries)).not.toContain('never-shown-1')
  expect((await audit('--about', 'alpha')).length).toBe(4)
})

it('who types at a terminal in the cloud is in its timeline: the name, the connection, never the keys', async () => {
  const session = await done(['cloud', 'up', '--region', REGION, '--detach', '--quiet'])
  const socket = await viewer()
  const heard: { type: string }[] = []
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as { type: string }))
  socket.send(JSON.stringify({ type: 'attach', session, from: { attempt: 1, seq: 1 } }))
  await until('it is attached', async () => heard.some(({ type }) => type === 'attached') || undefined)
  const keys = { type: 'keys', stream: 'viewer-one', from: 0, bytes: Buffer.from('cat secret-file\r').toString('base64') }
  socket.send(JSON.stringify(keys))
  const timeline = async () =>
    (JSON.parse(await done(['explain', session, '--timeline', '--json'])) as { entries: TimelineEntry[] }).entries
  const typed = await until('it is noted', async () => (await timeline()).find(({ what }) => what === 'typed'))
  expect(typed).toMatchObject({ by: 'ada', detail: { connection: expect.any(String) } })
  expect((await audit('--about', session)).map(({ what }) => what)).toEqual(['typed', 'dispatched'])
  expect(JSON.stringify(await timeline())).not.toContain('secret-file')
  socket.close()
  await done(['cloud', 'down', '--quiet', '--yes'])
})
