import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import type { Retention } from '#shared/core/retention.ts'
import type { Stream } from '#shared/pipeline/ports.ts'
import type { StoredPart, ViewStore } from '#shared/pipeline/views/view-store.ts'
import { describeViewProgress } from './view-progress.contract.ts'

const DAY_MS = 86_400_000

/** Of a view whose name ends so, every store of the contract keeps a state for two days; of the others for good. */
const KEPT = '-kept'
const retention: Pick<Retention, 'ofView'> = {
  ofView: (view) => (view.endsWith(KEPT) ? (2 * DAY_MS) / 1000 : undefined),
}

/**
 * The contract of every ViewStore. `make` opens another instance on the same data, with the given clock and retention.
 */
export function describeViewStore(
  name: string,
  make: (now: () => number, retention: Pick<Retention, 'ofView'>) => ViewStore,
): void {
  describe(`the ViewStore ${name}`, () => {
    let time: number
    let view: string
    let topic: string
    let store: ViewStore
    const open = () => make(() => time, retention)

    beforeEach(() => {
      time = Date.now()
      const run = randomUUID()
      view = `d/${run}`
      topic = `t-${run}`
      store = open()
    })

    const part = (key: string, offset: number, given: Partial<StoredPart> = {}): StoredPart => ({
      view,
      key,
      topic,
      partition: 0,
      epoch: 'e1',
      offset,
      state: { at: offset },
      ...given,
    })
    const stream = (given: Partial<Stream> = {}): Stream => ({ topic, epoch: 'e1', partition: 0, ...given })
    const load = async (key: string, partition = 0) => {
      const [found] = await open().load([{ view, key, topic, partition }])
      return found
    }
    const keysOf = (parts: readonly StoredPart[]) => parts.map(({ key }) => key)

    describe('parts', () => {
      test('keep every digit of the numbers of a state', async () => {
        const state = parseExactJson('{"shown":[820982911946154508,1e400,-0]}')
        await store.save([part('a', 4, { state })])

        expect(JSON.stringify((await load('a'))?.state)).toBe('{"shown":[820982911946154508,1e400,-0]}')
      })

      test('are loaded unchanged in the requested order, and null if there is none', async () => {
        const state = { text: 'ü\u0000"\ud83d\ude00', list: [1, null, { deep: '' }], none: {} }
        const saved = [part('a', 4, { state }), part('b', 5, { state: [] }), part('', 6, { state: null })]
        await store.save(saved)
        const asked = ['b', 'x', '', 'a', 'b'].map((key) => ({ view, key, topic, partition: 0 }))
        expect(await open().load(asked)).toEqual([saved[1], null, saved[2], saved[0], saved[1]])
        expect(await store.load([])).toEqual([])
      })

      test('are separate for each view, key, topic and partition', async () => {
        const apart = [
          part('k', 1),
          part('k', 2, { partition: 1 }),
          part('k', 3, { topic: `${topic}-2` }),
          part('k', 4, { view: `${view}-2` }),
          part('l', 5),
        ]
        await store.save(apart)
        expect(await store.load(apart)).toEqual(apart)
      })

      test('are replaced only by parts of a higher offset or a later epoch', async () => {
        await store.save([part('a', 5)])
        await open().save([part('a', 4), part('b', 1)])
        await store.save([part('a', 5, { state: 'the same offset' })])
        expect(await load('a')).toEqual(part('a', 5))
        await store.save([part('a', 6)])
        expect(await load('a')).toEqual(part('a', 6))
        await store.save([part('a', 0, { epoch: 'e2' })])
        await store.save([part('a', 99)])
        expect(await load('a')).toEqual(part('a', 0, { epoch: 'e2' }))
        expect(await load('b')).toEqual(part('b', 1))
      })

      test('have the highest offset after many workers saved at once', async () => {
        await Promise.all([4, 9, 1, 7, 2, 8, 3].map((offset) => open().save([part('a', offset)])))
        expect(await load('a')).toEqual(part('a', 9))
      })

      test('are deleted when the retention of their view is over after they were last saved', async () => {
        const kept = `${view}${KEPT}`
        const keptPart = (key: string, offset: number) => part(key, offset, { view: kept })
        const find = async (key: string) =>
          (await open().load([{ view: kept, key, topic, partition: 0 }]))[0] ?? null
        const keys = async (name: string) => keysOf((await store.read(name, { limit: 9 })).parts)
        await store.save([keptPart('a', 1), part('b', 1)])
        time += 1.5 * DAY_MS
        await store.save([keptPart('c', 1)])
        expect(await keys(kept)).toEqual(['a', 'c'])
        time += DAY_MS
        expect(await find('a')).toBeNull()
        expect(await keys(kept)).toEqual(['c'])
        expect((await store.read(kept, { key: 'a', limit: 9 })).parts).toEqual([])
        await store.save([keptPart('a', 2)])
        expect(await find('a')).toMatchObject({ offset: 2 })
        time += 1000 * DAY_MS
        expect([await keys(kept), await keys(view)]).toEqual([[], ['b']])
      })

      test('can have states of 100 KB, many at once', { timeout: 60_000 }, async () => {
        const state = 'x'.repeat(100_000)
        const large = Array.from({ length: 40 }, (_, index) => part(`k${index}`, 1, { state }))
        await store.save(large)
        expect(await store.load(large)).toEqual(large)
        expect((await store.read(view, { limit: 100 })).parts).toHaveLength(40)
      })
    })

    describe('reading a view', () => {
      const three = (key: string) => [
        part(key, 3),
        part(key, 1, { partition: 10 }),
        part(key, 2, { topic: `${topic}-2` }),
      ]
      const pages = async (limit: number) => {
        const found: string[][] = []
        let after: string | undefined
        for (;;) {
          const { parts, next } = await store.read(view, { limit, ...(after !== undefined && { after }) })
          found.push([...new Set(keysOf(parts))])
          if (next === null) return found
          after = next
        }
      }

      test('returns the parts of one key sorted by topic and partition', async () => {
        await store.save([...three('k'), part('k2', 1), part('j', 1), part('', 1)].reverse())
        expect(await store.read(view, { key: 'k', limit: 1 })).toEqual({ parts: three('k'), next: null })
        expect(await store.read(view, { key: '', limit: 1 })).toEqual({ parts: [part('', 1)], next: null })
        expect(await store.read(view, { key: 'x', limit: 1 })).toEqual({ parts: [], next: null })
      })

      test('returns all parts of each key, sorted by key, in pages', async () => {
        const keys = ['', 'a', 'a b', 'a/b', 'a0', 'b', 'é']
        await store.save(keys.flatMap(three).reverse())
        const { parts, next } = await store.read(view, { limit: 3 })
        expect(parts).toEqual(['', 'a', 'a b'].flatMap(three))
        expect(next).toBe('a b')
        expect(await pages(3)).toEqual([['', 'a', 'a b'], ['a/b', 'a0', 'b'], ['é']])
        expect(await pages(1)).toEqual(keys.map((key) => [key]))
        expect(await pages(7)).toEqual([keys])
      })

      test('is empty at first', async () => {
        expect(await store.read(view, { limit: 5 })).toEqual({ parts: [], next: null })
      })
    })

    describeViewProgress(() => ({ store, open, view, topic, part, stream, load }))
  })
}
