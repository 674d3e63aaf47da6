import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bounds, searchFirst } from './search-first.ts'

/** Looks at items at these offsets, and counts the requests. */
function countedLooks(offsets: readonly number[]) {
  let requests = 0
  const looks = {
    first: async ({ from, to }: Bounds) => {
      requests++
      const offset = offsets.find((one) => one >= from)
      return offset !== undefined && offset <= to ? { offset } : undefined
    },
    at: async (wanted: readonly number[]) => {
      requests++
      return offsets.filter((one) => wanted.includes(one)).map((offset) => ({ offset }))
    },
  }
  return { looks, requests: () => requests }
}

test('finds the first wanted item and the last seen before it, whatever is missing', async () => {
  const property = fc.asyncProperty(
    fc.uniqueArray(fc.nat(3000), { maxLength: 60 }),
    fc.nat(3000),
    fc.nat(3000),
    fc.nat(3000),
    async (unsorted, edge, from, length) => {
      const offsets = unsorted.sort((a, b) => a - b)
      const range = { from, to: from + length }
      const within = offsets.filter((offset) => offset >= range.from && offset <= range.to)

      const { found, before } = await searchFirst(
        range,
        countedLooks(offsets).looks,
        ({ offset }) => offset >= edge,
      )

      const first = within.findIndex((offset) => offset >= edge)
      expect(found?.offset).toBe(within[first])
      expect(before?.offset).toBe(first === -1 ? within.at(-1) : within[first - 1])
    },
  )
  await fc.assert(property)
})

describe.each([
  ['all offsets', 1, 6],
  ['every third offset', 3, 10],
  ['one of a thousand offsets', 1009, 40],
])('among %s of 100,000', (_, step, most) => {
  const offsets = Array.from({ length: 100_000 }, (_, offset) => offset).filter(
    (offset) => offset % step === 0,
  )

  test.each([0, 1, 17, 5000, 99_800, 100_000])('takes few requests to find item %i', async (edge) => {
    const { looks, requests } = countedLooks(offsets)

    await searchFirst({ from: 0, to: 99_999 }, looks, ({ offset }) => offset >= edge)

    expect(requests()).toBeLessThanOrEqual(edge === 0 ? 2 : most)
  })
})
