import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMain } from '../../support/run-main.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-complete-'))
  mkdirSync(join(dir, 'one', 'inner'), { recursive: true })
})
afterAll(() => rmSync(dir, { recursive: true }))

const values = async (...words: string[]) => {
  const { code, out, err } = await runMain(['__complete', '--', ...words], { env: { REMOTE_HOME: join(dir, 'home') }, cwd: dir })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0])
}

it('verbs, and the second words of verbs of two', async () => {
  expect(await values('di')).toEqual(['dispatch', 'diff'])
  expect(await values('work')).toEqual(['workspace'])
  expect(await values('workspace', '')).toEqual(['create', 'list', 'show', 'delete', 'snapshot', 'move', 'resize'])
  expect(await values('__')).toEqual([])
})

it('flags that are not there yet, their choices and directories', async () => {
  expect(await values('dispatch', '--ap')).toEqual(['--approve'])
  expect(await values('dispatch', '--approve', 'ask', '--ap')).toEqual([])
  expect(await values('dispatch', '--secret', 'A', '--se')).toEqual(['--secret'])
  expect(await values('dispatch', '--approve', '')).toEqual(['auto', 'ask', 'deny'])
  expect(await values('dispatch', '--repo', 'o')).toEqual(['one/'])
  expect(await values('dispatch', '--repo', 'one/')).toEqual(['one/inner/'])
  expect(await values('dispatch', '--agent', '')).toEqual(['claude', 'codex', 'shell', 'terminal'])
  expect(await values('completion', 'z')).toEqual(['zsh'])
  expect(await values('config', 'get', 'max-')).toEqual(['max-price', 'max-cost'])
})

it('the dotted name of a program is its verb', async () => {
  expect(await values('workspace.create', '--si')).toEqual(['--size'])
  expect(await values('status', '--w')).toEqual(['--watch'])
})

it('ids and names without a daemon are nothing, and none is started for them', async () => {
  expect(await values('attach', '')).toEqual([])
  expect(await values('workspace', 'show', '')).toEqual([])
})
