import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const url = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../', path)).href)
const script = (isPatient: boolean) => `
import { writeFileSync } from 'node:fs'
import { processIo } from ${url('cli/io.ts')}
import { withTemporary } from ${url('cli/with-temporary.ts')}
await withTemporary(processIo(), async (dir) => {
  writeFileSync(dir + '/copy', 'mine')
  process.stdout.write(dir)
  await new Promise((resolve) => process.stdin.once('data', resolve))
}, { isPatient: ${isPatient} })`

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-temporary-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const start = async (isPatient: boolean) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(isPatient)], {
    env: { ...process.env, TMPDIR: dir },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [made] = (await once(child.stdout, 'data')) as [Buffer]
  expect(existsSync(join(made.toString(), 'copy'))).toBe(true)
  return child
}

it('copies of the user’s files go with a Ctrl-C', async () => {
  const child = await start(false)
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([130, null])
  expect(readdirSync(dir)).toEqual([])
})

it('a pager hears a Ctrl-C for us', async () => {
  const child = await start(true)
  child.kill('SIGINT')
  child.stdin.end('go on')
  expect(await once(child, 'close')).toEqual([0, null])
  expect(readdirSync(dir)).toEqual([])
})

it('copies that a killed process left are removed by the next one, a day later and no one else’s', async () => {
  const killed = await start(false)
  killed.kill('SIGKILL')
  await once(killed, 'close')
  const left = readdirSync(dir)
  expect(left).toHaveLength(1)
  const finish = async () => {
    const child = await start(true)
    child.stdin.end('go on')
    expect(await once(child, 'close')).toEqual([0, null])
  }
  await finish()
  expect(readdirSync(dir)).toEqual(left)
  const old = new Date(Date.now() - 25 * 3_600_000)
  for (const name of [...left, `remote-${process.pid}-living`, 'remote-1000000-others-things']) {
    mkdirSync(join(dir, name), { recursive: true })
    utimesSync(join(dir, name), old, old)
  }
  await finish()
  expect(readdirSync(dir).sort()).toEqual(['remote-1000000-others-things', `remote-${process.pid}-living`])
})
