import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStateSizes } from './state-size.ts'
import { refuseKey } from './view-part.ts'

const utf8 = (text: string) => new TextEncoder().encode(text).length

test('is the number of bytes of the JSON, for any value', () => {
  const sizeOf = createStateSizes()
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      fc.pre(!JSON.stringify(value).includes('\\ud')) // lone surrogates
      expect(sizeOf(value)).toBe(utf8(JSON.stringify(value)))
    }),
  )
})

test('leaves out members that are not set, as JSON does', () => {
  const value = { a: undefined, b: [undefined, true], c: {} }
  expect(createStateSizes()(value)).toBe(JSON.stringify(value).length)
})

test('looks once at what a state keeps of the one before', () => {
  const sizeOf = createStateSizes()
  let looks = 0
  const kept = {
    get name() {
      looks++
      return 'x'
    },
  }
  for (let n = 0; n < 10; n++) sizeOf({ kept, n })
  expect(looks).toBe(1)
})

test.each([
  ['a NUL', 'x\0y', /contains the character NUL/],
  ['half a character', 'x\ud800', /is no Unicode/],
  ['more than 512 bytes', 'é'.repeat(257), /is longer than 512 bytes/],
])('a key with %s cannot be stored', (_, key, reason) => {
  expect(refuseKey(key)).toMatch(reason)
})

test('other keys can be stored', () => {
  for (const key of ['', 'a/b c', 'é'.repeat(256), '\u{1f600}']) expect(refuseKey(key)).toBeNull()
})
