import { recordLength } from '../../core/contract/records.ts'

/** Leaves out the first `count` records of a stream of whole ones. */
export const skipRecords = (count: number): TransformStream<Uint8Array, Uint8Array> => {
  let left = count
  let held = new Uint8Array(0)
  return new TransformStream({
    transform: (chunk, controller) => {
      if (left === 0) {
        controller.enqueue(chunk)
        return
      }
      held = new Uint8Array(Buffer.concat([held, chunk]))
      let at = 0
      for (let length = recordLength(held, at); left > 0 && length !== undefined; length = recordLength(held, at)) {
        at += length
        left -= 1
      }
      held = held.subarray(at)
      if (left === 0 && held.length > 0) controller.enqueue(held)
    },
  })
}
