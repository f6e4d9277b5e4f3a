import { appendFileSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RETENTION } from '../../../../local/pruning/retention.ts'
import { trimDaemonLog } from '../../../../local/pruning/trim-daemon-log.ts'

const place = () => join(mkdtempSync(join(tmpdir(), 'remote-log-')), 'daemon.log')

it('a short log, and none, stay as they are', async () => {
  const file = place()
  await trimDaemonLog(file)
  writeFileSync(file, 'short\n')
  await trimDaemonLog(file)
  expect(readFileSync(file, 'utf8')).toBe('short\n')
  expect(existsSync(`${file}.old`)).toBe(false)
})

it('the end of a long log is kept beside it, and whoever has it open goes on at its start', async () => {
  const file = place()
  const fd = openSync(file, 'a')
  writeSync(fd, 'x'.repeat(RETENTION.logBytes))
  appendFileSync(file, 'the last words\n')
  await trimDaemonLog(file)
  writeSync(fd, 'new\n')
  closeSync(fd)
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  const old = readFileSync(`${file}.old`, 'utf8')
  expect(old).toHaveLength(RETENTION.logBytes)
  expect(old.endsWith('xthe last words\n')).toBe(true)
})
