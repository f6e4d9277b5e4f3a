import { describe, expect, it } from 'vitest'
import { Done, Leaving, Seal } from '../../../core/contract/runner.ts'

const commit = 'c'.repeat(40)
const result = { branch: 'remote/s-0123456789', base: 'b'.repeat(40), commit, files: 1, insertions: 1, deletions: 0 }
const report = { lastSeq: 1, inboxHandled: 0 }
const outcome = { outcome: 'succeeded', code: 'exit', reason: 'it ended' }

describe('what a machine says it brings home', () => {
  it('names commits by their ids, and a bundle by its hash', () => {
    const whole = { ...result, bundle: 'a'.repeat(64) }
    expect(Done.parse({ ...report, outcome, result: whole }).result).toEqual(whole)
  })

  it.each([
    { base: '--output=/home/user/.bashrc' },
    { commit: `--upload-pack=touch x ${commit}` },
    { commit: `${commit}\n--all` },
    { bundle: '../../escape' },
    { branch: 'main' },
    { branch: 'remote/s-0123456789\u001b[2J' },
  ])('is refused as %j', (part) => {
    expect(Done.safeParse({ ...report, outcome, result: { ...result, ...part } }).success).toBe(false)
    expect(Leaving.safeParse({ ...report, why: 'spot', result: { ...result, ...part } }).success).toBe(false)
  })
})

it('what it used stays a sum that can be added up', () => {
  const usage = (costUsd: number) =>
    Done.safeParse({ ...report, outcome, usage: { inputTokens: 1, outputTokens: 1, costUsd } }).success
  expect([usage(12.5), usage(1e300), usage(Number.POSITIVE_INFINITY), usage(-1)]).toEqual([true, false, false, false])
})

it('a segment is named by its hash, of which a record has room for thousands', () => {
  const sealed = (sha256: string) => Seal.safeParse({ first: 1, last: 2, sha256 }).success
  expect([sealed('a'.repeat(64)), sealed('a'.repeat(300_000))]).toEqual([true, false])
})
