import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cachedSetup } from '../../../agent-bootstrap/cached-setup.ts'
import { trustedGitDir } from '../../../agent-bootstrap/git/session-git.ts'
import { openSandbox } from '../../../agent-bootstrap/sandbox.ts'
import { sandboxAvailable } from '../../../agent-bootstrap/sandbox-available.ts'
import type { EventBody } from '../../../core/contract/events.ts'
import { runSpec } from '../../support/fake-control-plane.ts'
import { at, places, plantWorld, removeWorld } from '../../support/sandbox-world.ts'

const PATH = process.env['PATH'] ?? ''
beforeAll(plantWorld)
afterAll(async () => {
  process.env['PATH'] = PATH
  await removeWorld()
})

const sandboxed = await sandboxAvailable()
if (!sandboxed.ok) console.warn(`not proved: the sandbox (${sandboxed.why})`)

const repository = { id: 'a'.repeat(64), commit: 'b'.repeat(40), name: 'r' }
const ENV = { PATH, HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }

const checkOut = async (workDir: string) => {
  await mkdir(join(workDir, 'sub'), { recursive: true })
  for (const path of ['lock', 'sub/tracked']) await writeFile(join(workDir, path), '1')
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
  ])
    execFileSync('git', args, { cwd: workDir, env: ENV })
  await cp(join(workDir, '.git'), trustedGitDir(workDir), { recursive: true })
}

/** What a process that setup left running can do at any moment, done at the worst one: when the paths are known. */
const swapAfterListing = async (folder: string, elsewhere: string) => {
  const program = `#!/bin/sh
PATH='${PATH}' git "$@"; code=$?
if [ -e '${folder}/made' ] && [ ! -L '${folder}' ]; then mv '${folder}' '${folder}.away'; ln -s '${elsewhere}' '${folder}'; fi
exit $code
`
  await mkdir(at('bin'))
  await writeFile(at('bin/git'), program)
  await chmod(at('bin/git'), 0o755)
  process.env['PATH'] = `${at('bin')}:${PATH}`
}

it.runIf(sandboxed.ok || process.env['CI'])('what is kept of [setup] is read as its commands could read it', async () => {
  const { workDir, dataDir } = places()
  await checkOut(workDir)
  await writeFile(at('home/.ssh/made'), 'PRIVATE KEY')
  await swapAfterListing(join(workDir, 'sub'), at('home/.ssh'))
  const { confine } = await openSandbox({ ...places(), wanted: true })
  const events: EventBody[] = []
  const setup = { commands: ['echo made > sub/made'], inputs: ['lock'] }
  const spec = runSpec({ request: { repository, setup } })
  const emit = async (body: EventBody) => void events.push(body)
  await cachedSetup({ spec, workDir, cwd: workDir, env: ENV, dataDir, confine, emit })
  const found = execFileSync('/bin/sh', ['-c', 'grep -rl "PRIVATE KEY" . || [ $? = 1 ]'], { cwd: dataDir, encoding: 'utf8' })
  expect(found).toBe('')
  expect(events.at(-1)).toMatchObject({ type: 'notice', text: expect.stringContaining('could not be kept') })
})
