import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleHeader, MOST_HEADER_BYTES } from '../../../core/contract/bundle-header.ts'
import { checkedBundle } from '../../../core/usecases/check-bundle.ts'
import { plainBundle } from '../../support/plain-bundle.ts'

const oid = fc.oneof(fc.stringMatching(/^[0-9a-f]{40}$/), fc.stringMatching(/^[0-9a-f]{64}$/))
const oids = fc.uniqueArray(oid, { minLength: 1, maxLength: 5 })

describe('the header of a bundle', () => {
  it('is what git writes: ids, whatever follows them in their lines', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
    const text = `# v3 git bundle\n@object-format=sha256\n-${a} größer\n${b} refs/heads/x\n\nPACK\n\n`
    expect(bundleHeader(Buffer.from(text))).toEqual({ tips: [b], needs: [a], packOffset: Buffer.byteLength(text) - 6 })
  })

  it.each([
    ['# v4 git bundle\n\n', 'does not begin'],
    ['', undefined],
    ['# v2 git bundle\nwhat is this\n\n', 'a line that is not known'],
    [`# v2 git bundle\n${'a'.repeat(41)} x\n\n`, 'a line that is not known'],
    [`# v2 git bundle\n${'x'.repeat(MOST_HEADER_BYTES)}`, 'no end'],
  ])('%.30j is none', (text, why) => {
    expect(bundleHeader(Buffer.from(text))).toEqual(why === undefined ? undefined : { broken: expect.stringContaining(why) })
  })

  it('is read from any first bytes that hold it, and asks for more from all others', () => {
    fc.assert(
      fc.property(oids, oids, fc.uint8Array({ maxLength: 50 }), (tips, needs, pack) => {
        const { bytes } = plainBundle({ tips, needs }, '')
        const whole = Buffer.concat([bytes, pack])
        expect(bundleHeader(whole)).toEqual({ tips, needs, packOffset: bytes.length })
        for (let cut = 0; cut < bytes.length; cut += 7) expect(bundleHeader(whole.subarray(0, cut))).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })

  it('is checked as the bytes go by, in whatever parts they come, and they stay the same', async () => {
    const repository = 'c'.repeat(64)
    const parts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(oids, oids, parts, fc.boolean(), async (tips, needs, sizes, isTrue) => {
        const { bytes } = plainBundle({ tips, needs })
        const facts = { repository, tips: isTrue ? tips : ['d'.repeat(40)], needs }
        let at = 0
        let turn = 0
        const source = new ReadableStream<Uint8Array>({
          pull: (out) => {
            const size = sizes[turn++ % sizes.length] ?? 1
            if (at >= bytes.length) return out.close()
            out.enqueue(new Uint8Array(bytes.subarray(at, at + size)))
            at += size
          },
        })
        const arrived = new Response(checkedBundle(source, facts, false)).arrayBuffer()
        if (isTrue) expect(Buffer.from(await arrived)).toEqual(bytes)
        else await expect(arrived).rejects.toMatchObject({ code: 'bad_request' })
      }),
      { numRuns: 100 },
    )
  })
})
