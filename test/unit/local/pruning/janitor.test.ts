import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openJanitor } from '../../../../local/pruning/janitor.ts'

const clock = { now: () => 7 }

it('does every chore, with the time, also after one that failed', async () => {
  const done: string[] = []
  const janitor = openJanitor(
    {
      one: async (now) => void done.push(`one ${now}`),
      two: () => Promise.reject(new Error('the disk says no')),
      three: async () => void done.push('three'),
    },
    clock,
  )
  await janitor.sweep()
  expect(done).toEqual(['one 7', 'three'])
})

it('is one at a time, and settles with the chore under way', async () => {
  const done: string[] = []
  const first = Promise.withResolvers<void>()
  const janitor = openJanitor({ one: () => first.promise, two: async () => void done.push('two') }, clock)
  const [sweep, again] = [janitor.sweep(), janitor.sweep()]
  const settled = janitor.settle().then(() => done.push('settled'))
  await delay(10)
  expect(done).toEqual([])
  first.resolve()
  await Promise.all([sweep, again, settled])
  expect(done).toEqual(['settled'])
})
