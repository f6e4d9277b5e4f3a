import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSandbox } from '../../../agent-bootstrap/sandbox.ts'
import { pidNamespaceAvailable, sandboxAvailable } from '../../../agent-bootstrap/sandbox-available.ts'
import { at, places, plantWorld, removeWorld, run } from '../../support/sandbox-world.ts'

const sandboxed = await sandboxAvailable()
if (!sandboxed.ok) console.warn(`not proved: what surrounds a sandbox is none of its session's (${sandboxed.why})`)
const namespaces = await pidNamespaceAvailable()

const before = { ...process.env }
beforeAll(plantWorld)
afterEach(() => {
  process.env = { ...before }
})
afterAll(removeWorld)

/** A program of that name in the checkout, which leaves a trace where no session may write. */
const plantProgram = async (name: string) => {
  const file = at('data/sessions/s-1/work/bin', name)
  await mkdir(at('data/sessions/s-1/work/bin'), { recursive: true })
  await writeFile(file, `#!/bin/sh\necho "$0" >> '${at('escaped')}'\nexit 0\n`)
  await chmod(file, 0o755)
}
const escaped = () => readFile(at('escaped'), 'utf8').catch(() => 'nothing')
const plantedFirst = () => ({ PATH: `./bin:${before['PATH']}` })

describe.runIf(sandboxed.ok || process.env['CI'])('what puts up a sandbox', () => {
  it('is no program of the checkout, whatever PATH says', async () => {
    await plantProgram('bwrap')
    process.env['PATH'] = plantedFirst().PATH
    const ran = await run(await openSandbox({ ...places(), wanted: true }), '/bin/sh', ['-c', 'echo in'], { env: plantedFirst() })
    expect(await escaped()).toBe('nothing')
    expect(ran.stdout.toString()).toBe('in\n')
  })

  it('is there when PATH says nothing of it', async () => {
    const ran = await run(await openSandbox({ ...places(), wanted: true }), '/bin/sh', ['-c', 'echo "$PATH"'], {
      env: { PATH: '/nowhere' },
    })
    expect(ran.stdout.toString()).toBe('/nowhere\n')
  })

  it('does not obey the loader’s variables of the session, which the session’s own programs have', async () => {
    const env = { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: at('debug'), LD_LIBRARY_PATH: "it's `here` $HOME", SHELLOPTS: 'xtrace' }
    const script = 'printf "%s|" "$LD_DEBUG" "$LD_DEBUG_OUTPUT" "$LD_LIBRARY_PATH" "$@" "$REMOTE_INSIDE_LD_DEBUG"; echo'
    const sandbox = await openSandbox({ ...places(), wanted: true })
    const ran = await run(sandbox, '/bin/sh', ['-c', script, 'sh', 'a "b" c'], { env })
    expect((await readdir(at('.'))).filter((name) => name.startsWith('debug'))).toEqual([])
    // Inside the loader finds nowhere else to write to.
    expect(ran.stdout.toString()).toContain(`files|${at('debug')}|it's \`here\` $HOME|a "b" c||\n`)
  })

  it('hides the person’s own keys, wherever HOME of the session leads and their settings lie', async () => {
    await mkdir(at('settings/gh'), { recursive: true })
    await writeFile(at('settings/gh/hosts.yml'), 'login')
    Object.assign(process.env, { HOME: at('home'), XDG_CONFIG_HOME: at('settings') })
    const sandbox = await openSandbox({ ...places(), home: at('elsewhere'), wanted: true })
    for (const file of [at('home/.ssh/id_ed25519'), at('settings/gh/hosts.yml')])
      expect((await run(sandbox, 'cat', [file])).stdout.toString()).toBe('')
  })
})

it.runIf(namespaces.ok)('what makes a PID namespace is no program of the checkout either', async () => {
  for (const name of ['setpriv', 'unshare']) await plantProgram(name)
  const ran = await run(await openSandbox({ ...places(), wanted: false }), '/bin/sh', ['-c', 'echo in'], { env: plantedFirst() })
  expect(await escaped()).toBe('nothing')
  expect(ran.stdout.toString()).toBe('in\n')
})
