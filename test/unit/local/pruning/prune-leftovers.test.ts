import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pruneClones, pruneHalfPacks, pruneInstalls } from '../../../../local/pruning/prune-leftovers.ts'

const NOW = Date.parse('2026-11-21T08:00:00.000Z')
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-leftovers-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const aged = (path: string, days: number) => {
  const at = new Date(NOW - days * 86_400_000)
  utimesSync(path, at, at)
}
const file = (path: string, days: number) => {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, 'x')
  aged(path, days)
}
const folder = (path: string, days: number) => {
  mkdirSync(join(path, 'node_modules'), { recursive: true })
  aged(path, days)
}

it('half packs of a git that was killed go after a day; packs stay, and what is being written', async () => {
  const packs = join(dir, `${'a'.repeat(64)}.git`, 'objects', 'pack')
  for (const name of ['tmp_pack_x1', 'tmp_idx_x1', '.tmp-77-pack-1.pack']) file(join(packs, name), 2)
  file(join(packs, 'tmp_pack_now'), 0)
  for (const name of ['pack-1.pack', 'pack-1.idx', 'pack-1.rev']) file(join(packs, name), 90)
  expect(await pruneHalfPacks(dir, NOW)).toBe(3)
  expect(readdirSync(packs).sort()).toEqual(['pack-1.idx', 'pack-1.pack', 'pack-1.rev', 'tmp_pack_now'])
  expect(await pruneHalfPacks(join(dir, 'none'), NOW)).toBe(0)
})

it('an agent whose installation was cut off goes after a day; those that are installed stay', async () => {
  folder(join(dir, '.installing-Ab12'), 2)
  folder(join(dir, '.installing-Cd34'), 0)
  folder(join(dir, 'claude@1.0.0'), 90)
  expect(await pruneInstalls(dir, NOW)).toBe(1)
  expect(readdirSync(dir).sort()).toEqual(['.installing-Cd34', 'claude@1.0.0'])
})

it('a clone of an address goes 30 days after its last use, half of one after a day', async () => {
  folder(join(dir, 'used', 'a.git'), 90)
  folder(join(dir, 'used', '.fresh-1-1'), 2)
  folder(join(dir, 'used', '.fresh-2-2'), 0)
  for (const name of ['unused', 'before.0123.gone']) folder(join(dir, name, 'a.git'), 0)
  aged(join(dir, 'used'), 29)
  for (const name of ['unused', 'before.0123.gone']) aged(join(dir, name), 31)
  expect(await pruneClones(dir, NOW)).toBe(3)
  expect(readdirSync(dir)).toEqual(['used'])
  expect(readdirSync(join(dir, 'used')).sort()).toEqual(['.fresh-2-2', 'a.git'])
})
