import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import type { EventStore, StoredEvent, Stream } from '#shared/pipeline/ports.ts'

const DAY_MS = 86_400_000

/**
 * The contract of every EventStore. `open` opens another instance on the same data, which promises events for seven days
 * by the given clock.
 */
export function describeEventStore(name: string, open: (now: () => number) => EventStore): void {
  describe(`the EventStore ${name}`, () => {
    let store: EventStore
    let stream: Stream
    let time: number
    const make = () => open(() => time)

    beforeEach(async () => {
      time = Date.now()
      store = make()
      const topic = `t-${randomUUID()}`
      stream = { topic, epoch: (await store.topic(topic)).epoch, partition: 0 }
    })

    const event = (offset: number, data?: string): StoredEvent => ({
      topic: stream.topic,
      partition: stream.partition,
      offset,
      timestamp: 1000 + offset,
      event: { specversion: '1.0', id: `e${offset}`, source: '/tests', type: 't', ...(data && { data }) },
    })
    const events = (from: number, to: number, data?: string) =>
      Array.from({ length: to - from + 1 }, (_, index) => event(from + index, data))
    const head = (offset: number, first = 0) => ({ offset, first, timestamp: 1000 + offset })
    const headOf = async (by = store) => (await by.topic(stream.topic)).heads.get(stream.partition)
    const read = async (after: number, upTo: number, limit = 1000, newestFirst = false) =>
      (await store.read(stream, { after, upTo, limit, newestFirst })).map(({ offset }) => offset)

    test('returns an event with the position of the dead letter that it was replayed from', async () => {
      const replayed = { ...event(0), replayOf: { topic: 'other', partition: 2, offset: 7 } }
      await store.put(stream, [replayed, event(1)])
      await store.advance(stream, head(1), undefined)

      expect(await make().read(stream, { after: -1, upTo: 1, limit: 10 })).toEqual([replayed, event(1)])
    })

    test('returns every digit of the numbers of an event', async () => {
      const data = '[820982911946154508,-18446744073709551616,1e400,-0,0.1234567890123456789]'
      const { event: plain, ...place } = event(0)
      await store.put(stream, [{ ...place, event: { ...plain, data: parseExactJson(data) } }])
      await store.advance(stream, head(0), undefined)

      const [stored] = await make().read(stream, { after: -1, upTo: 0, limit: 1 })
      expect(JSON.stringify(stored?.event.data)).toBe(data)
    })

    describe('an erased event', () => {
      const AT = '2026-03-01T10:00:00.000Z'
      const everything = { from: 0, to: 100 }

      test('has nothing but what it was, when it was erased first, and is known to be erased', async () => {
        await store.put(stream, events(0, 2, 'secret'))
        await store.advance(stream, head(2), undefined)

        await store.erase(stream, 1, AT)
        await make().erase(stream, 1, '2027-01-01T00:00:00.000Z')

        const [first, erased, last] = await make().read(stream, { after: -1, upTo: 2, limit: 10 })
        const { data: _, ...rest } = event(1, 'secret').event
        expect(erased).toEqual({ ...event(1), event: { ...rest, erased: AT } })
        expect([first, last]).toEqual([event(0, 'secret'), event(2, 'secret')])
        expect(await make().erasures(stream, everything)).toEqual(new Map([[1, AT]]))
      })

      test('is known to be erased if it is stored again, and can be erased again', async () => {
        await store.put(stream, events(0, 1, 'secret'))
        await store.advance(stream, head(1), undefined)
        await store.erase(stream, 1, AT)

        await store.put(stream, events(1, 1, 'secret'))
        expect(await store.erasures(stream, everything)).toEqual(new Map([[1, AT]]))
        await store.erase(stream, 1, AT)

        expect(JSON.stringify(await make().read(stream, { after: 0, upTo: 1, limit: 1 }))).not.toContain(
          'secret',
        )
      })

      test('is one of its own stream, within the range', async () => {
        await store.put(stream, events(0, 9))
        for (const offset of [2, 5, 8]) await store.erase(stream, offset, AT)

        expect([...(await store.erasures(stream, { from: 2, to: 5 })).keys()]).toEqual([2, 5])
        expect(await store.erasures({ ...stream, partition: 1 }, everything)).toEqual(new Map())
      })
    })

    describe('heads', () => {
      test('are empty at first, in an epoch that does not change', async () => {
        expect(await headOf()).toBeUndefined()
        expect(await make().topic(stream.topic)).toMatchObject({ epoch: stream.epoch })
      })

      test('are in one epoch if many callers read a new topic at once', async () => {
        const topic = `t-${randomUUID()}`
        const states = await Promise.all(Array.from({ length: 10 }, () => make().topic(topic)))
        expect(new Set(states.map(({ epoch }) => epoch)).size).toBe(1)
      })

      test('move up from exactly the known one, never down', async () => {
        expect(await store.advance(stream, head(5), undefined)).toBe(true)
        expect(await store.advance(stream, head(7), undefined)).toBe(false)
        expect(await store.advance(stream, head(7), head(4))).toBe(false)
        expect(await make().advance(stream, head(7), head(6))).toBe(false)
        expect(await headOf()).toEqual(head(5))
        expect(await make().advance(stream, head(9), head(5))).toBe(true)
        expect(await headOf(make())).toEqual(head(9))
      })

      test('are moved by one of many workers that know the same one', async () => {
        for (const known of [undefined, head(0)]) {
          const offset = known === undefined ? 0 : 9
          const moved = await Promise.all(
            Array.from({ length: 8 }, () => make().advance(stream, head(offset), known)),
          )
          expect(moved.filter(Boolean)).toEqual([true])
        }
        expect(await headOf()).toEqual(head(9))
      })

      test('get a higher first event later', async () => {
        await store.advance(stream, head(2, 3), undefined)
        await store.advance(stream, head(5, 4), head(2, 3))
        expect(await headOf()).toEqual(head(5, 4))
      })

      test('are kept by partition', async () => {
        await store.advance(stream, head(5), undefined)
        await store.advance({ ...stream, partition: 11 }, head(1), undefined)
        expect([...(await store.topic(stream.topic)).heads.keys()].sort()).toEqual([0, 11])
      })
    })

    describe('a new epoch', () => {
      test('is begun once by two callers that read the same old epoch', async () => {
        const [one, two] = await Promise.all([
          store.renewEpoch(stream.topic, stream.epoch),
          make().renewEpoch(stream.topic, stream.epoch),
        ])
        expect(one).toBe(two)
        expect(one > stream.epoch).toBe(true)
        expect((await store.topic(stream.topic)).epoch).toBe(one)
      })

      test('is not begun again by a caller with an outdated epoch', async () => {
        const first = await store.renewEpoch(stream.topic, stream.epoch)
        expect(await store.renewEpoch(stream.topic, stream.epoch)).toBe(first)
      })

      test('hides the heads and events of the old epoch', async () => {
        await store.put(stream, events(0, 3))
        await store.advance(stream, head(3), undefined)
        stream = { ...stream, epoch: await store.renewEpoch(stream.topic, stream.epoch) }
        expect(await headOf()).toBeUndefined()
        expect(await read(-1, 100)).toEqual([])
      })

      test('has heads that a zombie of the old epoch cannot advance', async () => {
        await store.advance(stream, head(50), undefined)
        const renewed = { ...stream, epoch: await store.renewEpoch(stream.topic, stream.epoch) }
        expect(await store.advance(renewed, head(2), undefined)).toBe(true)
        expect(await store.advance(stream, head(99), head(50))).toBe(false)
        expect(await store.advance(stream, head(99), head(2))).toBe(false)
        expect(await headOf()).toEqual(head(2))
      })

      test('ends the heads of the old one, also for a worker that has not heard of it', async () => {
        await store.advance(stream, head(50), undefined)
        const { epoch } = await make().topic(stream.topic)
        const renewed = { ...stream, epoch: await store.renewEpoch(stream.topic, epoch) }
        expect(await store.advance(stream, head(51), head(50))).toBe(false)
        expect(await headOf()).toBeUndefined()
        expect(await store.advance(renewed, head(2), undefined)).toBe(true)
        expect(await headOf()).toEqual(head(2))
      })

      test('has empty heads even if a zombie makes the first one of the old epoch meanwhile', async () => {
        const renewed = { ...stream, epoch: await store.renewEpoch(stream.topic, stream.epoch) }
        expect(await store.advance(stream, head(99), undefined)).toBe(false)
        expect(await headOf()).toBeUndefined()
        expect(await store.advance(renewed, head(2), undefined)).toBe(true)
        expect(await headOf()).toEqual(head(2))
      })
    })

    describe('reading', () => {
      test('returns events above `after` and up to `upTo`, oldest or newest first, up to the limit', async () => {
        await store.put(stream, events(0, 9))
        expect(await read(2, 6)).toEqual([3, 4, 5, 6])
        expect(await read(2, 6, 2)).toEqual([3, 4])
        expect(await read(2, 6, 2, true)).toEqual([6, 5])
        expect(await read(-1, 100, 3, true)).toEqual([9, 8, 7])
        expect(await read(6, 6)).toEqual([])
        expect(await read(7, 3)).toEqual([])
        expect(await read(-1, 100, 0)).toEqual([])
      })

      test('skips missing offsets', async () => {
        await store.put(stream, [event(1), event(40), event(41)])
        expect(await read(-1, 100, 2)).toEqual([1, 40])
      })

      test('returns each event unchanged, with its timestamp', async () => {
        const data = { text: 'ü\u0000"\ud83d\ude00', list: [1, null, { deep: '' }] }
        const stored: StoredEvent = { ...event(1), event: { ...event(1).event, data, ext: true } }
        await store.put(stream, [stored])
        expect(await store.read(stream, { after: 0, upTo: 1, limit: 1 })).toEqual([stored])
      })

      test('returns the mark of an event whose time is ahead of its record', async () => {
        const stored: StoredEvent = { ...event(1), ahead: true }
        await store.put(stream, [event(0), stored])
        expect(await store.read(stream, { after: -1, upTo: 1, limit: 2 })).toEqual([event(0), stored])
      })

      test('follows pages of 1 MB in both directions', { timeout: 60_000 }, async () => {
        await store.put(stream, events(0, 59, 'x'.repeat(40_000)))
        const all = Array.from({ length: 60 }, (_, index) => index)
        expect(await read(-1, 59)).toEqual(all)
        expect(await read(-1, 59, 55, true)).toEqual(all.reverse().slice(0, 55))
      })
    })

    describe('an event that has expired', () => {
      /** Offsets 0 to 9 expired an hour ago, 10 and 12 expire in an hour, 20 in a day. */
      const fill = async () => {
        const stored = async (from: number, to: number, msAgo: number) => {
          time -= msAgo
          await store.put(stream, events(from, to))
          time += msAgo
        }
        await stored(0, 9, 7 * DAY_MS + 3_600_000)
        await stored(10, 10, 7 * DAY_MS - 3_600_000)
        await stored(12, 12, 7 * DAY_MS - 3_600_000)
        await stored(20, 20, 6 * DAY_MS)
      }
      const first = (after: number, upTo = 25) => store.firstLive(stream, head(upTo), after)

      test('is not read, in either direction and past a limit', async () => {
        await fill()
        expect(await read(-1, 25)).toEqual([10, 12, 20])
        expect(await read(-1, 25, 2)).toEqual([10, 12])
        expect(await make().read(stream, { after: 3, upTo: 25, limit: 1 })).toMatchObject([{ offset: 10 }])
        expect(await read(-1, 25, 9, true)).toEqual([20, 12, 10])
        expect(await read(-1, 12, 1, true)).toEqual([12])
        expect(await read(-1, 9)).toEqual([])
        expect(await read(-1, 9, 3, true)).toEqual([])
        expect(await read(4, 5, 1)).toEqual([])
      })

      test('is below the first live one, which moves as time passes', async () => {
        await fill()
        expect([await first(-1), await first(5), await first(8)]).toEqual([10, 10, 10])
        time += 2 * 3_600_000
        expect([await first(-1), await first(9), await first(11)]).toEqual([20, 20, 20])
        expect(await read(-1, 25)).toEqual([20])
        time += DAY_MS
        expect([await first(-1), await first(19)]).toEqual([26, 26])
        expect(await read(-1, 25)).toEqual([])
      })

      test('is not above a reader who has read on from there, or of a stream that has none', async () => {
        await fill()
        expect([await first(9), await first(10), await first(12), await first(20)]).toEqual([10, 11, 13, 21])
        const empty = { ...stream, partition: 7 }
        expect(await store.firstLive(empty, { offset: 4, first: 5, timestamp: 1 }, -1)).toBe(0)
        await store.put(empty, events(0, 4))
        expect(await make().firstLive(empty, head(4), -1)).toBe(0)
        expect(await make().firstLive(empty, head(4), 2)).toBe(3)
      })

      test('is not the first since a time', async () => {
        await fill()
        const since = (at: number) => store.firstSince(stream, head(25), at)
        expect(await Promise.all([0, 1004, 1010, 1011, 1012, 1013, 1021].map(since))).toEqual([
          10, 10, 10, 12, 12, 20, 26,
        ])
      })

      test('is read by a reader who was told of it before', async () => {
        await fill()
        expect(await first(-1)).toBe(10)
        time += 3_600_000
        expect(await first(-1)).toBe(20)
        expect(await read(9, 25)).toEqual([20])
        const range = { after: 9, upTo: 25, limit: 2, alsoExpired: true }
        expect(await store.read(stream, range)).toMatchObject([{ offset: 10 }, { offset: 12 }])
      })
    })

    describe('storing', () => {
      test('accepts an empty list, and more events than fit in a batch write', async () => {
        await store.put(stream, [])
        await store.put(stream, events(0, 119))
        expect(await read(-1, 1000)).toHaveLength(120)
      })

      test('the same position again changes nothing', async () => {
        await store.put(stream, events(0, 30))
        await store.put(stream, events(10, 30))
        expect(await read(-1, 1000)).toHaveLength(31)
      })
    })
  })
}
