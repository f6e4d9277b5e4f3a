import { mkdtempSync, rmSync } from 'node:fs'
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
