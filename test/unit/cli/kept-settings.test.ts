import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allSettings, keptSettings } from '../../../cli/cloud/kept-settings.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'remote-'))
  writeFileSync(join(root, 'cdk.json'), JSON.stringify({ app: 'x', context: { 'remote.logDays': '7' } }))
})
afterAll(() => rmSync(root, { recursive: true }))

const before = JSON.stringify({ zones: '2', emails: 'a@b.c,d@e.f', logDays: '3' })
const all = (given: string[], was: string | undefined) => allSettings(keptSettings(was, given, root), given)

it('a stack that is deployed again keeps what it was deployed with, but for what is given anew', () => {
  expect(all([], before)).toEqual(['zones=2', 'emails=a@b.c,d@e.f'])
  expect(all(['zones=3', 'bedrock=false'], before)).toEqual(['emails=a@b.c,d@e.f', 'zones=3', 'bedrock=false'])
})

it('a setting can be given up', () => {
  expect(all(['zones='], before)).toEqual(['emails=a@b.c,d@e.f'])
})

it('a stack that says nothing of its settings is deployed with what is given', () => {
  expect(all(['zones=3'], undefined)).toEqual(['zones=3'])
  expect(all(['zones=3'], 'no JSON')).toEqual(['zones=3'])
})
