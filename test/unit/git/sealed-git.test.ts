import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lineOf, sealedGit } from '../../../agent-bootstrap/git/sealed-git.ts'

let dir: string
const before = { ...process.env }
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sealed-git-'))
})
afterEach(() => {
  process.env = before
  rmSync(dir, { recursive: true, force: true })
})

it('carries the marker by which the processes of a session are found, and nothing else that is not needed', async () => {
  process.env = { ...before, REMOTE_SESSION: 's-0123456789', REMOTE_ATTEMPT: '2', GIT_SSH_COMMAND: 'evil', TOKEN: 'secret' }
  const answer = await sealedGit(['-c', 'alias.show-env=!env', 'show-env'], { gitDir: dir })
  const lines = lineOf(answer).split('\n')
  expect(lines).toEqual(expect.arrayContaining(['REMOTE_SESSION=s-0123456789', 'REMOTE_ATTEMPT=2']))
  expect(lines.join('\n')).not.toMatch(/evil|TOKEN/)
})

it('is the machine’s git, whatever lies in the checkout', async () => {
  mkdirSync(join(dir, 'bin'))
  writeFileSync(join(dir, 'bin', 'git'), `#!/bin/sh\necho x > '${join(dir, 'escaped')}'\n`, { mode: 0o755 })
  process.env = { ...before, PATH: `./bin::bin:${before['PATH']}` }
  expect(lineOf(await sealedGit(['--version'], { gitDir: dir, workTree: dir }))).toMatch(/^git version/)
  expect(existsSync(join(dir, 'escaped'))).toBe(false)
})
