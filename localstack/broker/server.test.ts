import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameSplitter, FrameSizeError } from './server.ts'

function framed(body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

describe('the frame splitter', () => {
  it('returns the same requests wherever the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 8, maxLength: 60 }).map((body) => Buffer.from(body)))

    fc.assert(
      fc.property(bodies, fc.infiniteStream(fc.integer({ min: 1, max: 50 })), (sent, cuts) => {
        const split = createFrameSplitter({ min: 8, max: 1_000 })
        let rest = Buffer.concat(sent.map(framed))
        const received: Buffer[] = []
        while (rest.length > 0) {
          const cut = cuts.next().value
          received.push(...split(rest.subarray(0, cut)))
          rest = rest.subarray(cut)
        }
        expect(received).toEqual(sent)
      }),
    )
  })

  it.each([-1, 0, 7, 1_001, 2_147_483_647])('refuses a request of %i bytes', (size) => {
    const header = Buffer.alloc(4)
    header.writeInt32BE(size)

    expect(() => createFrameSplitter({ min: 8, max: 1_000 })(header)).toThrow(FrameSizeError)
  })
})
