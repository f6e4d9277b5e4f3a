import { expect, it } from 'vitest'
import { lazily } from '../../../lambdas/lazily.ts'

const openingOf = (failures: number) => {
  const opening = { times: 0 }
  const open = async () => {
    opening.times += 1
    if (opening.times <= failures) throw new Error(`failed ${opening.times}`)
    return {
      factor: async () => 3,
      times: async (by: number) => by * 3,
    }
  }
  return { opening, port: lazily(open) }
}

it('a port is opened by its first call, once, however many come at the same time', async () => {
  const { opening, port } = openingOf(0)
  expect(opening.times).toBe(0)
  const { times } = port
  expect(await Promise.all([times(2), times(3), port.factor()])).toEqual([6, 9, 3])
  expect(opening.times).toBe(1)
})

it('an opening that failed fails its calls alone, and the next call opens it again', async () => {
  const { opening, port } = openingOf(1)
  await expect(port.times(1)).rejects.toThrow('failed 1')
  expect(await port.times(1)).toBe(3)
  expect(opening.times).toBe(2)
})

it('a port can be the result of a promise without being opened', async () => {
  const { opening, port } = openingOf(0)
  expect(await Promise.resolve(port)).toBe(port)
  expect(opening.times).toBe(0)
})
