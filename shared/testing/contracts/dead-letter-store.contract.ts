import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { DeadLetter, DeadLetterStore } from '#shared/pipeline/ports.ts'

/** The contract of every DeadLetterStore. `make` opens another instance on the same data. */
export function describeDeadLetterStore(name: string, make: () => DeadLetterStore): void {
  describe(`the DeadLetterStore ${name}`, () => {
    let store: DeadLetterStore
    let topic: string

    beforeEach(() => {
      store = make()
      topic = `t-${randomUUID()}`
    })

    const letter = (offset: number, given: Partial<DeadLetter> = {}): DeadLetter => ({
      topic,
      partition: 0,
      offset,
      timestamp: 1_700_000_000_000 + offset,
      reason: 'no event',
      attempts: 1,
      key: null,
      value: 'e30=',
      truncated: false,
      ...given,
    })
    const offsets = async (limit: number, topics = [topic]) =>
      (await make().list(topics, limit)).map(({ offset }) => offset)

    test('returns a letter unchanged', async () => {
      const whole = letter(1, { key: 'a2V5', truncated: true, attempts: 3 })
      await store.put(whole)
      expect(await store.list([topic], 10)).toEqual([whole])
    })

    test('lists the newest first, up to the limit', async () => {
      for (const offset of [3, 1, 2]) await store.put(letter(offset))
      expect(await offsets(10)).toEqual([3, 2, 1])
      expect(await offsets(2)).toEqual([3, 2])
    })

    test('lists the highest offsets first among letters of the same time', async () => {
      const timestamp = 1_700_000_000_000
      await store.put(letter(3, { timestamp, partition: 1 }))
      for (const offset of [9, 10, 100]) await store.put(letter(offset, { timestamp }))
      expect(await offsets(2)).toEqual([100, 10])
      expect(await offsets(10)).toEqual([100, 10, 9, 3])
    })

    test('lists the letters of the requested topics, merged', async () => {
      const second = `t-${randomUUID()}`
      await store.put(letter(1))
      await store.put(letter(2, { topic: second }))
      await store.put(letter(3))
      expect(await offsets(10, [topic, second])).toEqual([3, 2, 1])
      expect(await offsets(10, [second])).toEqual([2])
      expect(await offsets(10, [])).toEqual([])
    })

    test('replaces a letter that is put again', async () => {
      await store.put(letter(1))
      await store.put(letter(1, { attempts: 2 }))
      expect(await make().list([topic], 10)).toEqual([letter(1, { attempts: 2 })])
    })

    test('takes the bytes and the reason from a letter that is erased, and only from that one', async () => {
      await store.put(letter(1, { key: 'a2V5' }))
      await store.put(letter(2))

      await make().erase(letter(1))
      await store.erase(letter(3))

      expect(await make().list([topic], 10)).toEqual([
        letter(2),
        letter(1, { key: null, value: null, reason: 'Its data was erased.' }),
      ])
    })
  })
}
