import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const source = new URL('../../../local/failpoints.ts', import.meta.url).href
const run = (env: Record<string, string>) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { openFailpoints, withFailpoints } from '${source}'
    const cross = openFailpoints(process.env)
    const port = { save: async () => { console.log('saved') }, ring: () => { console.log('rang') } }
    const wrapped = cross ? withFailpoints('port', port, cross) : port
    await wrapped.save(); wrapped.ring(); await wrapped.save()`,
    ],
    { env: { PATH: process.env['PATH'] ?? '', ...env }, encoding: 'utf8' },
  )

it('without settings nothing is counted and nobody dies', () => {
  expect(run({})).toMatchObject({ status: 0, stdout: 'saved\nrang\nsaved\n' })
})

it('every call is crossed before and after', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'fail-')), 'count')
  expect(run({ REMOTE_FAILPOINT_COUNT: file }).status).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe('6\n')
})

it.each([
  [1, ''],
  [2, 'saved\n'],
  [4, 'saved\nrang\n'],
])('at crossing %i the process is killed', (n, stdout) => {
  expect(run({ REMOTE_FAILPOINT: String(n) })).toMatchObject({ signal: 'SIGKILL', stdout })
})
