import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { createStateSizes } from './state-size.ts'

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

test('counts every digit of a number', () => {
  const json = '[820982911946154508,{"a":1e400,"b":-0}]'
  expect(createStateSizes()(parseExactJson(json))).toBe(json.length)
})

test('ignores members that are undefined, as JSON does', () => {
  const value = { a: undefined, b: [undefined, true], c: {} }
  expect(createStateSizes()(value)).toBe(JSON.stringify(value).length)
})

test('is the same with the previous value, whatever was kept, removed, changed and added', () => {
  const item = fc.oneof(fc.constantFrom<unknown>(undefined, null, 1, 'a'), fc.jsonValue())
  const edits = fc.array(fc.tuple(fc.nat(60), fc.nat(3), fc.array(item, { maxLength: 3 })), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(item, { minLength: 40, maxLength: 60 }), edits, (list, changes) => {
      const long = [...list, 'x'.repeat(500)] // its size is remembered
      const edited = changes.reduce<unknown[]>(
        (left, [at, count, put]) => left.toSpliced(at, count, ...put),
        long,
      )
      const [before, after] = [{ list: long }, { list: edited }]
      const sizeOf = createStateSizes()
      sizeOf(before)
      expect(sizeOf(after, before)).toBe(createStateSizes()(after))
    }),
  )
})

test('does not measure again the items that a list keeps of the previous one', () => {
  const sizeOf = createStateSizes()
  let looks = 0
  const items = Array.from({ length: 100 }, (_, n) => ({
    get name() {
      looks++
      return `item ${n}`
    },
  }))
  const before = { items }
  sizeOf(before)
  looks = 0
  sizeOf({ items: [...items.toSpliced(50, 1), { name: 'another' }] }, before)
  expect(looks).toBe(1) // the removed item
})

test('measures once what a state keeps of the previous one', () => {
  const sizeOf = createStateSizes()
  let looks = 0
  const kept = {
    get name() {
      looks++
      return 'x'.repeat(500)
    },
  }
  for (let n = 0; n < 10; n++) sizeOf({ kept, n })
  expect(looks).toBe(1)
})
