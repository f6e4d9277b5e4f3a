import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MARKER, sessionProcesses, signalTree } from '../../../agent-bootstrap/process-tree.ts'
import { openSandbox } from '../../../agent-bootstrap/sandbox.ts'
import { pidNamespaceAvailable, sandboxAvailable } from '../../../agent-bootstrap/sandbox-available.ts'
import { at, places, plantWorld, removeWorld, root, start } from '../../support/sandbox-world.ts'

beforeAll(plantWorld)
afterAll(removeWorld)

const sandboxed = await sandboxAvailable()
const kinds: [string, boolean, boolean][] = [
  ['the sandbox', true, sandboxed.ok],
  ['the PID namespace', false, (await pidNamespaceAvailable()).ok],
]
describe.each(kinds.filter(([, , possible]) => possible && process.platform === 'linux'))('processes in %s', (_name, wanted) => {
  const opened = async () => {
    const session = `s-${randomUUID()}`
    return { session, env: { [MARKER]: session }, sandbox: await openSandbox({ ...places(), wanted }) }
  }

  it('a setsid child ends with the command', async () => {
    const { session, env, sandbox } = await opened()
    const child = await start(sandbox, '/bin/sh', ['-c', 'setsid sleep 900 >/dev/null 2>&1 & echo started; read x'], env)
    await once(child.stdout, 'data')
    await expect.poll(() => sessionProcesses(session).some(({ name }) => name === 'sleep')).toBe(true)
    child.stdin.end('\n')
    await once(child, 'close')
    // bubblewrap reports the command's end a moment before the kernel has ended the rest.
    await expect.poll(() => sessionProcesses(session)).toEqual([])
  })

  it('a signal to the command itself lets it clean up', async () => {
    const { session, env, sandbox } = await opened()
    const script =
      "process.on('SIGTERM', () => { console.log('cleaned'); process.exit(5) }); setInterval(() => {}, 1000); console.log('ready')"
    const child = await start(sandbox, process.execPath, ['-e', script], env)
    let text = ''
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
    await expect.poll(() => text).toContain('ready')
    signalTree(session, 'SIGTERM')
    const [code] = await once(child, 'close')
    expect(text).toContain('cleaned')
    expect(code).toBe(5)
  })

  it('all die with whoever started them', async () => {
    const { session, env, sandbox } = await opened()
    const confined = await sandbox.confine('/bin/sh', ['-c', 'setsid sleep 900 & echo $!; wait'], {
      PATH: process.env['PATH'] ?? '',
      ...env,
    })
    const script = `require('child_process').spawn(${JSON.stringify(confined.command)}, ${JSON.stringify(confined.args)}, { env: ${JSON.stringify(confined.env)}, stdio: ['ignore', 'pipe', 'ignore'] }).stdout.once('data', () => console.log('up'))`
    const starter = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(starter.stdout, 'data')
    expect(sessionProcesses(session)).not.toEqual([])
    starter.kill('SIGKILL')
    await expect.poll(() => sessionProcesses(session), { timeout: 5000 }).toEqual([])
  })
})

it('a sandbox that is switched off says so', async () => {
  const sandbox = await openSandbox({ ...places(), wanted: false })
  expect(sandbox.kind).not.toBe('sandbox')
  expect(sandbox.why).toContain('switched off')
})

it('an ordinary user gets the same', async (context) => {
  if (process.geteuid?.() !== 0 || process.platform !== 'linux' || !sandboxed.ok) return context.skip()
  // The checkout may lie where an ordinary user cannot look: what runs is copied to where it can.
  const program = at('node')
  const bundle = at('sandbox.mjs')
  await copyFile(process.execPath, program)
  await chmod(program, 0o755)
  await build({
    entryPoints: [join(import.meta.dirname, '../../../agent-bootstrap/sandbox.ts')],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  })
  await chmod(root, 0o755)
  const script = join(root, 'as-user.mjs')
  const ask = { ...places(), workDir: at('user/work'), privateDir: at('user/agent'), cacheDir: at('user/cache'), wanted: true }
  await Promise.all([ask.workDir, ask.privateDir, ask.cacheDir].map((path) => mkdir(path, { recursive: true })))
  await promisify(execFile)('chown', ['-R', '65534:65534', at('user')])
  await writeFile(
    script,
    `import { openSandbox } from ${JSON.stringify(bundle)}
import { spawnSync } from 'node:child_process'
const sandbox = await openSandbox(${JSON.stringify(ask)})
const c = await sandbox.confine('/bin/sh', ['-c', 'id -u; echo ok > made; cat made; cat ${at('home/.ssh/id_ed25519')} || echo refused; exit 7'], { PATH: process.env.PATH })
const ran = spawnSync(c.command, c.args, { cwd: ${JSON.stringify(ask.workDir)}, env: c.env, encoding: 'utf8' })
console.log(sandbox.kind, ran.status, ran.stdout.split(String.fromCharCode(10)).join(' '))`,
  )
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const { stdout } = await promisify(execFile)('setpriv', [...user, program, script], { timeout: 20_000, cwd: '/' })
  expect(stdout.trim()).toBe('sandbox 7 65534 ok refused')
})
