import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../../../core/contract/session.ts'
import { openProcessCompute } from '../../../../local/adapters/process-compute.ts'
import { pruneCheckouts } from '../../../../local/pruning/prune-checkouts.ts'
import { sampleSession } from '../../../promises/sample-session.ts'

const NOW = Date.parse('2026-11-21T08:00:00.000Z')
const ago = (days: number) => new Date(NOW - days * 86_400_000).toISOString()
const lost = { outcome: 'lost', code: 'machine_lost', reason: 'killed' } as const
const result = { branch: 'b', base: 'c', commit: 'd', files: 0, insertions: 0, deletions: 0 }

/** Is the checkout of a session with this record there after a sweep? */
const survives = async (more: Partial<Session> | undefined): Promise<boolean> => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-checkouts-'))
  const session = sampleSession(more)
  const at = (...path: string[]) => join(dir, session.id, ...path)
  for (const part of ['work', 'git', 'log/1', 'agent']) mkdirSync(at(part), { recursive: true })
  for (const file of ['work/a.txt', 'log/1/000000000001', 'agent/memory']) writeFileSync(at(file), '')
  const compute = openProcessCompute({ sessions: dir, runner: ['false'], arguments: [], env: {} })
  await pruneCheckouts({ dir, sessions: { get: async () => more && session }, compute }, NOW)
  expect([existsSync(at('log/1/000000000001')), existsSync(at('agent/memory'))]).toEqual([true, true])
  expect(existsSync(at('git'))).toBe(existsSync(at('work/a.txt')))
  return existsSync(at('work/a.txt'))
}

it('the checkout of a session that has ended is removed, log and memory of the agent are not', async () => {
  expect(await survives({ state: 'ended', endedAt: ago(0), outcome: { outcome: 'succeeded', code: 'exit', reason: '' } })).toBe(
    false,
  )
})

it('that of a session under way, or that nobody knows, stays', async () => {
  expect(await survives({ state: 'running' })).toBe(true)
  expect(await survives(undefined)).toBe(true)
})

it('that of a lost machine stays 30 days when it is the only copy of the work', async () => {
  expect(await survives({ state: 'ended', endedAt: ago(29), outcome: lost })).toBe(true)
  expect(await survives({ state: 'ended', endedAt: ago(31), outcome: lost })).toBe(false)
  expect(await survives({ state: 'ended', endedAt: ago(1), outcome: lost, result })).toBe(false)
})

it('that of a session whose result could not be brought home stays as long', async () => {
  const ran = {
    attempts: [{ number: 1, greetedAt: ago(40) }],
    outcome: { outcome: 'failed', code: 'result', reason: '' },
  } as const
  const repository = { id: 'a'.repeat(64), commit: 'b'.repeat(40), name: 'x' }
  const request = { ...sampleSession().request, repository }
  const after = (days: number, more: Partial<Session> = {}) =>
    survives({ state: 'ended', endedAt: ago(days), ...ran, attempts: [...ran.attempts], request, ...more })
  expect(await after(29)).toBe(true)
  expect(await after(31)).toBe(false)
  expect(await after(0, { result })).toBe(false)
  expect(await after(0, { attempts: [{ number: 1 }] })).toBe(false)
})
