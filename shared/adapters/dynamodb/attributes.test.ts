import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromAttributes, toAttributes } from './attributes.ts'

/** As JSON text on the way, so that only own members count. */
const over = (item: object) => fromAttributes(JSON.parse(JSON.stringify(toAttributes(item))))

describe('an item as attributes', () => {
  it('is read as it was written, whatever its members are called', () => {
    const item = JSON.parse(
      '{"__proto__":{"a":1},"data":{"__proto__":null,"constructor":[{"__proto__":"b"}]}}',
    )
    expect(JSON.stringify(over(item))).toBe(JSON.stringify(item))
  })

  it('is read as it was written, for any JSON', () => {
    const member = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'S', 'M'))
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(member, tie('value')),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(member, value), (item) => {
        const json = JSON.parse(JSON.stringify(item)) as object
        expect(JSON.stringify(over(json))).toBe(JSON.stringify(json))
      }),
    )
  })
})
