import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bounds, searchFirst } from './search-first.ts'

/** Looks at items at these offsets; counts looks and rounds. */
function countedLooks(offsets: readonly number[]) {
  let looks = 0
  let rounds = 0
  let isNewRound = true
  const look = async ({ from, to }: Bounds) => {
    looks++
    if (isNewRound) rounds++
    isNewRound = false
    await Promise.resolve()
    isNewRound = true
    const offset = offsets.find((one) => one >= from)
    return offset !== undefined && offset <= to ? { offset } : undefined
  }
  return { look, counts: () => ({ looks, rounds }) }
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
        countedLooks(offsets).look,
        ({ offset }) => offset >= edge,
      )

      const first = within.findIndex((offset) => offset >= edge)
      expect(found?.offset).toBe(within[first])
      expect(before?.offset).toBe(first === -1 ? within.at(-1) : within[first - 1])
    },
  )
  await fc.assert(property)
})

test.each([0, 1, 17, 5000, 99_999, 100_000])(
  'takes few looks in few rounds to find item %i of 100,000',
  async (edge) => {
    const offsets = Array.from({ length: 100_000 }, (_, offset) => offset)
    const { look, counts } = countedLooks(offsets)

    await searchFirst({ from: 0, to: 99_999 }, look, ({ offset }) => offset >= edge)

    const { looks, rounds } = counts()
    expect(looks).toBeLessThanOrEqual(40)
    expect(rounds).toBeLessThanOrEqual(11)
  },
)
