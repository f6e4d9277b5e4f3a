import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTyping } from '../../../agent-bootstrap/typing.ts'
import { openKeySender } from '../../../cli/terminal/key-sender.ts'
import { FromViewer, type Keys, type Size, ToRunner, type Typed } from '../../../core/contract/frames.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const STREAMS = ['viewer-one', 'viewer-two'] as const
type Stream = (typeof STREAMS)[number]

/** A way on which frames are lost, doubled and overtaken, as the numbers say; at the end it is a good one. */
const badWay = (numbers: () => number) => {
  const waiting: (() => void)[] = []
  let isGood = false
  return {
    carry: (deliver: () => void) => {
      const fate = isGood ? 9 : numbers() % 10
      if (fate < 3) return // lost
      waiting.push(deliver)
      if (fate < 5) waiting.push(deliver)
    },
    move: () => {
      const [next] = waiting.splice(isGood ? 0 : numbers() % Math.max(1, waiting.length), 1)
      next?.()
    },
    mend: () => {
      isGood = true
    },
    left: () => waiting.length,
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('type' as const),
      who: fc.constantFrom(...STREAMS),
      text: fc.string({ minLength: 1, maxLength: 40 }),
    }),
    fc.record({
      do: fc.constant('paste' as const),
      who: fc.constantFrom(...STREAMS),
      bytes: fc.integer({ min: 1, max: 90_000 }),
    }),
    fc.record({ do: fc.constant('size' as const), who: fc.constantFrom(...STREAMS), columns: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ do: fc.constant('move' as const), times: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ do: fc.constant('cut' as const), who: fc.constantFrom(...STREAMS) }),
  ),
  { maxLength: 40 },
)

describe('what is typed', () => {
  it('arrives once and in order, however its frames are lost, doubled and overtaken', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.nat(1000), { minLength: 50, maxLength: 300 }),
        fc.boolean(),
        async (said, numbers, isNear) => {
          let n = 0
          const way = badWay(() => numbers[n++ % numbers.length] ?? 0)
          const wanted: Record<Stream, string> = { 'viewer-one': '', 'viewer-two': '' }
          const got: Record<Stream, string> = { 'viewer-one': '', 'viewer-two': '' }
          let size = 0
          let lastSize = 0
          const typing = openTyping((typed) => {
            const frame: Typed = { type: 'typed', attempt: 1, ...typed }
            way.carry(() => {
              for (const name of STREAMS) senders[name].typed(frame)
            })
          })
          const send = (frame: FromViewer) => {
            expect(FromViewer.safeParse(frame).success && ToRunner.safeParse(frame).success).toBe(true)
            expect(JSON.stringify(frame).length).toBeLessThan(32 * 1024)
            way.carry(() => typing.take(frame as Keys | Size))
          }
          const senders = {
            'viewer-one': openKeySender('viewer-one', { isNear }),
            'viewer-two': openKeySender('viewer-two', { isNear }),
          }
          // Whose bytes they are is told by the bytes themselves: one types capitals only, the other none.
          const spell = (name: Stream, text: string) =>
            (name === 'viewer-one' ? text.toUpperCase() : text.toLowerCase()).replace(
              /[^A-Za-z]/g,
              name === 'viewer-one' ? 'X' : 'x',
            )
          typing.open({
            type: async (bytes) => {
              const text = Buffer.from(bytes).toString()
              const name = /^[A-Z]*$/.test(text) ? 'viewer-one' : 'viewer-two'
              got[name] += text
            },
            resize: (columns) => {
              size = columns
            },
          })
          for (const name of STREAMS) senders[name].connected(send)
          for (const step of said) {
            if (step.do === 'type' || step.do === 'paste') {
              const text = spell(step.who, step.do === 'type' ? step.text : 'ab'.repeat(step.bytes / 2 + 1))
              wanted[step.who] += text
              senders[step.who].type(Buffer.from(text))
            } else if (step.do === 'size') {
              lastSize = step.columns
              senders['viewer-one'].resize(step.columns, 24)
            } else if (step.do === 'cut') {
              senders[step.who].connected(undefined)
              senders[step.who].connected(send)
            } else if (step.do === 'wait') await vi.advanceTimersByTimeAsync(step.ms)
            else for (let times = 0; times < step.times; times++) way.move()
          }
          way.mend()
          for (
            let rounds = 0;
            rounds < 200 && (way.left() > 0 || STREAMS.some((name) => senders[name].pending() > 0));
            rounds++
          ) {
            while (way.left() > 0) way.move()
            await vi.advanceTimersByTimeAsync(1000)
          }
          await vi.advanceTimersByTimeAsync(20_000)
          while (way.left() > 0) way.move()
          await vi.advanceTimersByTimeAsync(1)
          expect(got).toEqual(wanted)
          expect(size).toBe(lastSize)
          for (const name of STREAMS) {
            expect(senders[name].pending()).toBe(0)
            senders[name].close()
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('before the terminal is there is kept for it', async () => {
    const told: number[] = []
    const typing = openTyping(({ offset }) => told.push(offset))
    typing.take({ type: 'keys', stream: 'viewer-one', from: 0, bytes: Buffer.from('early ').toString('base64') })
    typing.take({ type: 'keys', stream: 'viewer-one', from: 6, bytes: Buffer.from('bird').toString('base64') })
    expect(told).toEqual([])
    let got = ''
    typing.open({
      type: async (bytes) => {
        got += Buffer.from(bytes).toString()
      },
      resize: () => undefined,
    })
    await vi.advanceTimersByTimeAsync(1)
    expect({ got, told }).toEqual({ got: 'early bird', told: [6, 10] })
  })

  it('into a terminal that takes nothing costs the runner no more than a window', async () => {
    const typing = openTyping(() => undefined)
    let asked = 0
    const awake = Promise.withResolvers<void>()
    typing.open({
      type: (bytes) => {
        asked += bytes.length
        return awake.promise
      },
      resize: () => undefined,
    })
    const bytes = Buffer.alloc(16 * 1024, 'x').toString('base64')
    for (let from = 0; from < 10_000 * 16 * 1024; from += 16 * 1024)
      typing.take({ type: 'keys', stream: 'viewer-one', from, bytes })
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toBe(16 * 1024)
    awake.resolve()
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toBeLessThanOrEqual(160 * 1024)
  })
})
