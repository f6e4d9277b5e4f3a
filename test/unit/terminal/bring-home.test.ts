import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import { bringHome } from '../../../agent-bootstrap/bring-home.ts'
import type { Connection, OutgoingBundle } from '../../../cli/connect.ts'
import type { Io } from '../../../cli/io.ts'
import { sendDotfiles } from '../../../cli/terminal/send-dotfiles.ts'
import { aSession } from '../../support/samples.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})
const made = (...parts: string[]) => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-dotfiles-test-'))
  dirs.push(dir)
  for (const part of parts) mkdirSync(join(dir, part))
  return dir
}

/** The other side, as far as bundles go. */
const store = (dir: string) => {
  const sent: (OutgoingBundle & { url: string })[] = []
  const connection = {
    get: async () => ({ commits: sent.flatMap(({ facts }) => facts.tips) }),
    sendBundle: async (bundle: OutgoingBundle) => {
      copyFileSync(bundle.file, join(dir, bundle.sha256))
      sent.push({ ...bundle, url: `/v1/bundles/${bundle.sha256}` })
    },
  } as unknown as Connection
  return {
    connection,
    sent,
    fetchBundle: async ({ url }: { url: string }, to: string) => copyFileSync(join(dir, basename(url)), to),
  }
}

it('dotfiles arrive in the home directory as they are, over what is there, and nothing of the way is left', async () => {
  const [theirs, machine] = [made('.config', 'bin'), made('home', 'home/.config', 'session', 'session/agent', 'store')]
  writeFileSync(join(theirs, '.bashrc'), Buffer.from('export A=1\r\n\0\xff', 'latin1'))
  writeFileSync(join(theirs, '.config/.gitignore'), '*\n')
  writeFileSync(join(theirs, '.config/tool'), 'ignored by it, sent all the same\n')
  writeFileSync(join(theirs, 'bin/hello'), '#!/bin/sh\necho hi\n')
  chmodSync(join(theirs, 'bin/hello'), 0o755)
  writeFileSync(join(machine, 'home/.bashrc'), 'of the image\n')
  writeFileSync(join(machine, 'home/.config/kept'), 'kept\n')

  const { connection, sent, fetchBundle } = store(join(machine, 'store'))
  const env = { PATH: process.env['PATH'], HOME: theirs }
  const io = { env, stderr: new PassThrough(), onInterrupt: () => () => undefined } as unknown as Io
  const ask = { io, connection, setting: '.bashrc,.config,bin/hello', quiet: true }
  const home = await sendDotfiles(ask)
  expect(await sendDotfiles(ask)).toEqual(home)
  expect(sent).toHaveLength(1)

  const { request } = aSession(1, { runtime: 'cloud', agent: 'terminal', home })
  await bringHome({
    args: { dir: join(machine, 'session'), cache: join(machine, 'cache') },
    spec: { request, homeBundles: sent.map(({ sha256, bytes, url }) => ({ sha256, bytes, url })) },
    plane: { fetchBundle },
    privateDir: join(machine, 'session/agent'),
    env: { PATH: process.env['PATH'] ?? '' },
    confine: async (command, args, env) => ({ command, args, env: { ...env, HOME: join(machine, 'home') } }),
  })
  const at = (path: string) => readFileSync(join(machine, 'home', path))
  expect(at('.bashrc')).toEqual(Buffer.from('export A=1\r\n\0\xff', 'latin1'))
  expect(at('.config/tool').toString()).toBe('ignored by it, sent all the same\n')
  expect(at('.config/kept').toString()).toBe('kept\n')
  expect(statSync(join(machine, 'home/bin/hello')).mode & 0o111).not.toBe(0)
  expect(readdirSync(join(machine, 'session'))).toEqual(['agent'])
  expect(readdirSync(join(machine, 'session/agent'))).toEqual([])
})
