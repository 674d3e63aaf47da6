import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterFilter } from '#shared/pipeline/dead-letters/dead-letter-filter.ts'
import type { DeadLetterStore, LetterQuery } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { nextAfter } from '#shared/pipeline/dead-letters/list-letters.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'

/** The contract of every DeadLetterStore. `make` opens another instance on the same data. */
export function describeDeadLetterStore(name: string, make: () => DeadLetterStore): void {
  describe(`the DeadLetterStore ${name}`, () => {
    let store: DeadLetterStore
    let topic: string

    beforeEach(() => {
      store = make()
      topic = `t-${randomUUID()}`
    })

    const letter = (offset: number, given: Partial<DeadLetter> = {}) =>
      makeLetter({ topic, offset, ...given })
    const list = (given: Partial<LetterQuery> = {}) =>
      make().list({ topics: [topic], filter: {}, limit: 10, ...given })
    const offsets = async (given: Partial<LetterQuery> = {}) =>
      (await list(given)).letters.map(({ offset }) => offset)
    const matching = (filter: DeadLetterFilter) => offsets({ filter })
    const discarded = { status: 'discarded', at: 1_700_000_009_000, by: 'user:a', reason: 'a test' } as const
    const { status, ...settled } = discarded

    test('returns a letter unchanged', async () => {
      const whole = letter(1, {
        key: 'a2V5',
        truncated: true,
        attempts: 3,
        code: 'fold_failed',
        consumer: 'fold',
        headers: [{ name: 'ce_id', value: 'MQ==' }],
        type: 'port.notice',
        source: '/s',
        id: '1',
        trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        unfolded: [{ view: 'port/cases', key: 'k' }],
      })
      await store.put(whole)

      expect(await make().get(whole)).toEqual(whole)
      expect((await list()).letters).toEqual([whole])
    })

    test('finds a letter by its position, and none where there is none', async () => {
      await store.put(letter(1, { partition: 1 }))
      expect(await store.get({ topic, partition: 1, offset: 1 })).toEqual(letter(1, { partition: 1 }))
      expect(await store.get({ topic, partition: 0, offset: 1 })).toBeNull()
      expect(await store.get({ topic, partition: 1, offset: 11 })).toBeNull()
    })

    test('finds the latest record of a position of a topic that was created again', async () => {
      const later = letter(1, { timestamp: 1_800_000_000_000 })
      await store.put(letter(1))
      await store.put(later)
      await store.put(letter(1))

      expect(await store.get(letter(1))).toEqual(later)
      expect(await offsets()).toEqual([1, 1])
    })

    test('lists the newest first, up to the limit, or the oldest', async () => {
      for (const offset of [3, 1, 2]) await store.put(letter(offset))
      expect(await offsets()).toEqual([3, 2, 1])
      expect(await offsets({ limit: 2 })).toEqual([3, 2])
      expect(await offsets({ order: 'oldest' })).toEqual([1, 2, 3])
      expect((await list({ limit: 3 })).next).toBeNull()
      expect((await list({ limit: 2 })).next).not.toBeNull()
    })

    test('lists the highest offsets first among letters of the same time', async () => {
      const timestamp = 1_700_000_000_000
      await store.put(letter(3, { timestamp, partition: 1 }))
      for (const offset of [9, 10, 100]) await store.put(letter(offset, { timestamp }))
      expect(await offsets({ limit: 2 })).toEqual([100, 10])
      expect(await offsets()).toEqual([100, 10, 9, 3])
    })

    test('lists the letters of the requested topics, merged', async () => {
      const second = `t-${randomUUID()}`
      await store.put(letter(1))
      await store.put(letter(2, { topic: second }))
      await store.put(letter(3))
      const topics = [topic, second]
      expect(await offsets({ topics })).toEqual([3, 2, 1])
      expect(await offsets({ topics, filter: { topic: [second] } })).toEqual([2])
      expect(await offsets({ topics: [second] })).toEqual([2])
      expect(await list({ topics: [] })).toEqual({ letters: [], next: null })
    })

    describe.each(['newest', 'oldest'] as const)('in pages, %s first,', (order) => {
      const TOPICS = 3
      const EACH = 9
      let topics: string[]

      beforeEach(async () => {
        topics = Array.from({ length: TOPICS }, (_, index) => `${topic}-${index}`)
        const all = topics.flatMap((name, index) =>
          Array.from({ length: EACH }, (_, offset) =>
            // Letters of different topics and partitions share their times.
            letter(offset, {
              topic: name,
              partition: offset % 2,
              timestamp: 1000 + Math.floor(offset / (index + 1)),
            }),
          ),
        )
        for (const one of all) await store.put(one)
      })

      test.each([1, 2, 5, 27, 50])('returns each once, %i at a time, in the same order', async (limit) => {
        const whole = (await list({ topics, order, limit: 500 })).letters
        expect(whole).toHaveLength(TOPICS * EACH)
        const seen: DeadLetter[] = []
        for (let after: string | null | undefined; after !== null; ) {
          const page = await list({ topics, order, limit, ...(after !== undefined && { after }) })
          expect(page.letters.length).toBeLessThanOrEqual(limit)
          seen.push(...page.letters)
          after = page.next
        }
        expect(seen).toEqual(whole)
      })

      test('continues behind any letter of the list', async () => {
        const whole = (await list({ topics, order, limit: 500 })).letters
        for (const [index, one] of whole.entries()) {
          const { letters } = await list({ topics, order, limit: 500, after: nextAfter(one) })
          expect(letters).toEqual(whole.slice(index + 1))
        }
      })
    })

    test('refuses a continuation that no page gave', async () => {
      for (const after of ['nonsense', nextAfter(letter(1)).replace(/@.*/, '@elsewhere')])
        await expect(list({ after })).rejects.toMatchObject({ code: 'malformed' })
    })

    test('filters by all that a letter has', async () => {
      const event = { type: 'port.ship.arrived', source: '/harbour', id: 'a1' }
      await store.put(letter(1, { ...event, code: 'invalid_data', value: btoa('a Rusty hull') }))
      await store.put(letter(2, { code: 'fold_failed', consumer: 'fold', reason: 'view x: apply' }))
      await store.put(letter(3, { key: btoa('rusty'), found: 1_700_000_999_000 }))
      await store.settle(letter(2), discarded)

      expect(await matching({ code: ['invalid_data', 'fold_failed'] })).toEqual([2, 1])
      expect(await matching({ consumer: ['fold'] })).toEqual([2])
      expect(await matching({ status: ['open'] })).toEqual([3, 1])
      expect(await matching({ status: ['discarded', 'replayed'] })).toEqual([2])
      expect(await matching({ source: ['/harbour'] })).toEqual([1])
      expect(await matching({ type: ['port.**'] })).toEqual([1])
      expect(await matching({ q: 'RUSTY' })).toEqual([3, 1])
      expect(await matching({ q: 'apply' })).toEqual([2])
      expect(await matching({ from: 1_700_000_000_002 })).toEqual([3, 2])
      expect(await matching({ to: 1_700_000_000_002 })).toEqual([2, 1])
      expect(await matching({ from: 1_700_000_000_002, to: 1_700_000_000_001 })).toEqual([])
      expect(await matching({ foundUpTo: 1_700_000_000_100 })).toEqual([2, 1])
      expect(await matching({ code: ['too_large'] })).toEqual([])
      const positions = [letter(3), letter(1), letter(1), letter(7)]
      expect(await matching({ positions })).toEqual([3, 1])
      expect(await matching({ positions, code: ['invalid_data'] })).toEqual([1])
    })

    test('keeps one letter of a record that is found again, with the highest number of attempts', async () => {
      const parts = [{ view: 'v' }]
      const areNew = [
        await store.put(letter(1, { attempts: 2, found: 1 })),
        await make().put(letter(1, { attempts: 3, found: 2, reason: 'another' })),
        await store.put(letter(1, { attempts: 1, found: 3, consumer: 'fold', unfolded: parts })),
      ]

      expect(areNew).toEqual([true, false, false])

      expect((await list()).letters).toEqual([letter(1, { attempts: 3, found: 1, unfolded: parts })])
    })

    test('settles a letter once, and it stays settled when it is found again', async () => {
      await store.put(letter(1))

      const results = [await store.settle(letter(1), discarded)]
      results.push(await make().settle(letter(1), { status: 'replayed', at: 5, by: 'user:b', replay: 'r' }))
      await store.put(letter(1, { attempts: 3 }))

      expect(results).toEqual([true, false])
      expect(await store.get(letter(1))).toEqual(letter(1, { status, settled }))
    })

    test('settles nothing where there is no letter', async () => {
      expect(await store.settle(letter(1), discarded)).toBe(false)
      expect(await store.get(letter(1))).toBeNull()
    })

    test('lets one of several settle a letter', async () => {
      await store.put(letter(1))
      const by = ['a', 'b', 'c', 'd']
      const results = await Promise.all(by.map((one) => make().settle(letter(1), { ...discarded, by: one })))
      expect(results.filter((isDone) => isDone)).toHaveLength(1)
    })

    test('takes the bytes, headers and reason from a letter that is erased, and only from that one', async () => {
      await store.put(letter(1, { key: 'a2V5', headers: [{ name: 'h', value: 'MQ==' }], id: 'a' }))
      await store.put(letter(2))

      await make().erase(letter(1))
      await store.erase(letter(3))
      await store.put(letter(1, { value: 'YWdhaW4=' }))

      const erased = { key: null, value: null, headers: [], reason: 'Its data was erased.' }
      expect((await list()).letters).toEqual([letter(2), letter(1, { ...erased, id: 'a' })])
    })
  })
}
