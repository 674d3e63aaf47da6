import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from '#shared/pipeline/accept/event-digest.ts'
import { countOccurrences, deriveIds } from './derive-id.ts'

const draft = (data: unknown) => ({ specversion: '1.0', type: 't', source: '/s', data }) as const

it('derives the same id from the same content, whatever the order of its keys', () => {
  const one = deriveIds()(draft({ a: 1, b: { c: [1, 'x'], d: null } }))
  const other = deriveIds()(draft({ b: { d: null, c: [1, 'x'] }, a: 1 }))
  expect(other.id).toBe(one.id)
})

it('keeps an id that is there and does not count it', () => {
  const giveId = deriveIds()
  expect(giveId({ ...draft(1), id: 'mine' }).id).toBe('mine')
  expect(giveId(draft(1)).id).not.toContain('-')
})

it('gives as many ids as there are records, and the same ones again for the same records', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 40 }), (values) => {
      const ids = (list: readonly unknown[]) => {
        const giveId = deriveIds()
        return list.map((value) => giveId(draft(value)).id)
      }
      const doubled = [...values, ...values]
      expect(new Set(ids(doubled)).size).toBe(doubled.length)
      expect(ids(doubled)).toEqual(ids(doubled))
    }),
  )
})

it('writes JSON that reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

it('counts like a map does, through growth and colliding slots', () => {
  const word = fc.oneof(fc.constantFrom(0, 1024, 2048, 0xffffffff), fc.nat(0xffffffff))
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 3000, size: 'max' }), (pairs) => {
      const count = countOccurrences()
      const expected = new Map<string, number>()
      for (const [high, low] of pairs) {
        const next = (expected.get(`${high} ${low}`) ?? 0) + 1
        expected.set(`${high} ${low}`, next)
        expect(count(high, low)).toBe(next)
      }
    }),
    { numRuns: 30 },
  )
})
