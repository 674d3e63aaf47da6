import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstCount, inOrder, type ReadSpread, SPREADS, spreadOf, spreadsOf, viewOf } from './view-spreads.ts'

describe('the hash keys of a view', () => {
  test('are the same for the same key, and one of all of them', () => {
    const [first, again] = [spreadOf('port/cases', 'c-1'), spreadOf('port/cases', 'c-1')]

    expect(first).toBe(again)
    expect(spreadsOf('port/cases')).toContain(first)
    expect(viewOf(first)).toBe('port/cases')
  })

  test('share the keys of a view about evenly', () => {
    const keys = Array.from({ length: 4000 }, (_, index) => `container-${index}`)

    const bySpread = Map.groupBy(keys, (key) => spreadOf('port/cases', key))

    expect([...bySpread.keys()].sort()).toEqual(spreadsOf('port/cases'))
    for (const own of bySpread.values()) expect(own.length).toBeLessThan((1.2 * keys.length) / SPREADS)
  })
})

/** Sources over sorted lists of names, and what they are asked for. */
function openSources(lists: readonly (readonly string[])[]) {
  const asked: number[] = []
  const sources = lists.map(
    (list, index): ReadSpread<string> =>
      async (last, count) => {
        asked.push(index)
        const from = last === null ? 0 : list.indexOf(last) + 1
        return list.slice(from, from + count)
      },
  )
  return { sources, asked }
}

async function merge(sources: readonly ReadSpread<string>[], count: number): Promise<string[]> {
  const merged: string[] = []
  for await (const name of inOrder(sources, (own) => own, count)) merged.push(name)
  return merged
}

const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right))

describe('sources in order', () => {
  test('are merged by their bytes, whatever their number and length', async () => {
    const lists = fc.array(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 })), { maxLength: 9 })
    const property = fc.asyncProperty(lists, fc.integer({ min: 1, max: 5 }), async (own, count) => {
      const { sources } = openSources(own.map((list) => list.toSorted(byBytes)))

      const merged = await merge(sources, count)

      expect(merged).toEqual(own.flat().sort(byBytes))
    })

    await fc.assert(property)
  })

  test('are sorted as DynamoDB sorts, where JavaScript compares code units', async () => {
    const { sources } = openSources([['\u{1f600}'], ['\uffee']])

    expect(await merge(sources, 4)).toEqual(['\uffee', '\u{1f600}'])
  })

  test('are read once each, and again only if what was read of one is used up', async () => {
    const { sources, asked } = openSources([
      ['a', 'b', 'c', 'd'],
      ['e', 'f', 'g'],
      ['h', 'i'],
    ])
    const merged = inOrder(sources, (name) => name, 2)

    for (let taken = 0; taken < 3; taken++) await merged.next()

    expect(asked).toEqual([0, 1, 2, 0])
  })
})

test('a page of 50 keys is read with at most twice as many items', () => {
  expect(firstCount(51) * SPREADS).toBeGreaterThan(51)
  expect(firstCount(51) * SPREADS).toBeLessThanOrEqual(102)
})
