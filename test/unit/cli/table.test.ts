import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cut, displayWidth, table } from '../../../cli/output/table.ts'

const same = (text: string) => text

it('the flexible column takes what is left, and is cut where there is too little', () => {
  const columns = [{ title: 'ID' }, { title: 'TASK', flexible: true }, { title: 'COST', align: 'right' as const }]
  const rows = [[{ text: 's-1' }, { text: 'a task with many words in it' }, { text: '$1.00' }]]
  expect(table(columns, rows, 80, same)).toBe(
    'ID   TASK                           COST\ns-1  a task with many words in it  $1.00\n',
  )
  expect(table(columns, rows, 30, same)).toBe('ID   TASK                 COST\ns-1  a task with many …  $1.00\n')
})

it('a cut text is as wide as there is room, whatever its characters are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      expect(displayWidth(cut(text, width))).toBeLessThanOrEqual(width)
    }),
  )
})

it('wide characters take two columns', () => {
  expect([displayWidth('日本'), displayWidth('e\u0301'), displayWidth('abc')]).toEqual([4, 1, 3])
})

it('where even that is not enough, columns go, the least needed first', () => {
  const columns = [
    { title: 'ID' },
    { title: 'TASK', flexible: true },
    { title: 'WHERE', leaves: 1 },
    { title: 'COST', leaves: 2 },
  ]
  const rows = [['s-1', 'a task with many words', 'local', '$1'].map((text) => ({ text }))]
  const titles = (width: number) => table(columns, rows, width, same).split('\n')[0]?.trim().split(/ +/)
  expect(titles(30)).toEqual(['ID', 'TASK', 'WHERE', 'COST'])
  expect(titles(29)).toEqual(['ID', 'TASK', 'COST'])
  expect(titles(20)).toEqual(['ID', 'TASK'])
})
