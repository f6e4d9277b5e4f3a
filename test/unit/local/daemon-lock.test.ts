import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { takeDaemonLock } from '../../../local/daemon-lock.ts'

const freshLock = () => join(mkdtempSync(join(tmpdir(), 'lock-')), 'daemon.lock')
const source = new URL('../../../local/daemon-lock.ts', import.meta.url).href

const holder = async (file: string) => {
  const script = `import { takeDaemonLock } from '${source}'
    const lock = takeDaemonLock(${JSON.stringify(file)})
    console.log(lock ? 'held' : 'busy')
    if (lock) setInterval(() => lock, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    said: said.toString().trim(),
    kill: async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

it('one of ten processes gets the lock', async () => {
  const file = freshLock()
  const all = await Promise.all(Array.from({ length: 10 }, () => holder(file)))
  expect(all.filter(({ said }) => said === 'held')).toHaveLength(1)
  await Promise.all(all.map(({ kill }) => kill()))
}, 30_000)

it('the lock of a killed process is free at once', async () => {
  const file = freshLock()
  const other = await holder(file)
  expect(takeDaemonLock(file)).toBeUndefined()
  await other.kill()
  const lock = takeDaemonLock(file)
  expect(lock).toBeDefined()
  lock?.release()
})
