import { beforeEach, describe, expect, test } from 'vitest'
import { defineView } from '#shared/domain/define-domain.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { EventStore, KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'
import { book, eventsOf, inLibrary, library, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { forgetAll } from '#shared/testing/views/forget-all.ts'
import { type FoldDeps, fold, foldBatch } from './fold.ts'

let deps: FoldDeps
let appended: NewRecord[]

beforeEach(() => {
  ;({ deps, appended } = makeFoldDeps())
})

const books = (from: number, ...titles: string[]) =>
  titles.map((title, index) => inLibrary({ offset: from + index }, book(`b${from + index}`, 's', title)))
const shelf = async (key = 's') => {
  const { parts } = await deps.viewStore.read('library/shelves', { key, limit: 1 })
  return parts[0]
}
const progress = async () => (await deps.viewStore.progress('library')).get(0)
const letters = async () => allLetters(deps.deadLetters as DeadLetterStore, ['library'])
const run = (records: readonly KafkaRecord[]) => foldBatch(records, deps)

describe('a batch', () => {
  test('changes the parts of its partition, and advances the progress to its last record', async () => {
    await run([...books(0, 'a', 'b'), inLibrary({ offset: 2 }, 'no event')])
    const { epoch } = await deps.store.topic('library')
    const state = { titles: ['a', 'b'] }
    expect(await shelf()).toEqual({
      view: 'library/shelves',
      key: 's',
      topic: 'library',
      partition: 0,
      epoch,
      offset: 1,
      state,
    })
    expect(await progress()).toEqual({ epoch, offset: 2, isRebuilding: false })
  })

  test('gives folds plain numbers, and what a state shows with every digit', async () => {
    const json = JSON.stringify(book('b0', 's', 'x')).replace(
      '"title":"x"',
      '"title":"x","isbn":820982911946154508',
    )
    const seen: unknown[] = []
    const domain = {
      ...library,
      views: {
        seen: defineView<unknown>({
          description: 'the last data',
          lateEvents: 'as they come',
          channels: ['library.book'],
          keys: ({ event }) => [String((event.data as { readonly isbn: number }).isbn)],
          initial: () => null,
          apply: (_, { event, exactData }) => {
            seen.push(event.data)
            return exactData
          },
        }),
      },
    }
    const world = makeFoldDeps(undefined, [domain])

    await foldBatch([inLibrary({ offset: 0 }, json)], world.deps)

    expect(seen).toEqual([{ title: 'x', isbn: 820982911946154500 }])
    const key = { view: 'library/seen', key: '820982911946154500', topic: 'library', partition: 0 }
    const [part] = await world.deps.viewStore.load([key])
    expect(JSON.stringify(part?.state)).toBe('{"title":"x","isbn":820982911946154508}')
  })

  test('that is repeated, completely or in part, changes nothing', async () => {
    await run(books(0, 'a', 'b', 'c'))
    await run(books(1, 'b', 'c', 'd'))
    expect(await shelf()).toMatchObject({ offset: 3, state: { titles: ['a', 'b', 'c', 'd'] } })
    expect(eventsOf(appended).map(({ type }) => type)).toEqual(['library.shelf.full', 'library.noted'])
  })

  test('drops the later copy of an event, of another partition too', async () => {
    const again = book('b0', 's', 'a')
    await run([...books(0, 'a'), inLibrary({ offset: 1 }, again)])
    await run([inLibrary({ offset: 0, partition: 1 }, again)])
    expect((await deps.viewStore.read('library/shelves', { key: 's', limit: 1 })).parts).toMatchObject([
      { partition: 0, state: { titles: ['a'] } },
    ])
  })

  test('saves nothing for an event that the view ignores', async () => {
    await run(books(0, 'a', 'none'))
    expect(await shelf()).toMatchObject({ offset: 0 })
  })

  test('begins its parts again if the topic was created again', async () => {
    const stored = books(0, 'a', 'b')
    await run(stored)
    const { epoch } = await deps.store.topic('library')
    const stream = { topic: 'library', epoch, partition: 0 }
    const event = (offset: number) => ({ ...book(`b${offset}`, 's', 'a') })
    const positioned = [0, 1].map((offset) => ({
      topic: 'library',
      partition: 0,
      offset,
      timestamp: 1000 + offset,
      event: event(offset),
    }))
    const store = deps.store as EventStore
    await store.put(stream, positioned)
    await store.advance(stream, { offset: 1, first: 0, timestamp: 1001 }, undefined)

    await run([inLibrary({ offset: 0 }, book('other', 's', 'new'))])

    expect(await shelf()).toMatchObject({ offset: 0, state: { titles: ['new'] } })
    expect((await shelf())?.epoch).not.toBe(epoch)
  })
})

describe('an event that follows from another', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const third = (given: object = {}, timestamp = 1002) => [
    ...books(0, 'a', 'b'),
    inLibrary({ offset: 2, timestamp }, book('b2', 's', 'c', given)),
  ]

  test('is completed by the catalog, and continues the trace', async () => {
    const time = '2026-11-21T08:00:00Z'
    await run(third({ traceparent, time }, Date.parse(time)))
    expect(appended[0]).toMatchObject({ topic: 'library', key: 'k3' })
    expect(eventsOf(appended)[0]).toEqual({
      specversion: '1.0',
      type: 'library.shelf.full',
      category: 'library.shelf.full',
      severity: 'high',
      id: expect.stringMatching(/^[\w-]{43}$/),
      source: 'urn:tidewire:fold:library/shelves',
      subject: 's',
      partitionkey: 'k3',
      traceparent,
      time: '2026-11-21T08:00:00Z',
      datacontenttype: 'application/json',
      data: { books: 3 },
    })
    expect(eventsOf(appended)[1]).not.toHaveProperty('data')
  })

  test('has the time of the record if the event has none', async () => {
    await run(third())
    expect(eventsOf(appended)[0]?.time).toBe(new Date(1002).toISOString())
  })

  test('has the same id whenever it is folded, and different ids for each key, position and number', async () => {
    const other = [...books(0, 'a', 'b', 'c')].map((record) => ({ ...record, partition: 1 }))
    await run(third())
    const first = appended.splice(0)
    const again = makeFoldDeps()
    const { store } = deps
    await foldBatch(third(), { ...again.deps, store })
    await foldBatch(other, { ...makeFoldDeps().deps, store, kafka: again.deps.kafka })

    const ids = eventsOf(again.appended).map(({ id }) => id)
    expect(ids.slice(0, 2)).toEqual(eventsOf(first).map(({ id }) => id))
    expect(new Set(ids).size).toBe(4)
  })

  test('is written before the states are saved', async () => {
    const kafka = { append: async () => Promise.reject(new Error('Kafka is away')) }
    await expect(foldBatch(third(), { ...deps, kafka })).rejects.toThrow('Kafka is away')
    expect(await shelf()).toBeUndefined()
    expect(await progress()).toBeUndefined()
  })

  test('is dropped, with a dead letter, if it is invalid', async () => {
    await run([...books(0, 'a', 'b', 'odd'), ...books(3, 'd')])
    expect(eventsOf(appended).map(({ type }) => type)).toEqual(['library.noted'])
    expect(await shelf()).toMatchObject({ state: { titles: ['a', 'b', 'odd', 'd'] } })
    const [letter] = await letters()
    expect(letter?.offset).toBe(2)
    expect(letter?.reason).toMatch(
      /^view library\/shelves: emits an event of type "library.shelf.full" that is refused: .*books/,
    )
  })
})

describe('an event that a view cannot use', () => {
  test.each([
    ['apply throws', 'burnt', 's', 'view library/shelves: apply: burnt'],
    ['keys throws', 'a', 'nowhere', 'view library/shelves: keys: no shelf'],
    [
      'a key is too long',
      'a',
      'x'.repeat(513),
      /^view library\/shelves: the key "x{80}"… is longer than 512/,
    ],
  ])('is a dead letter, and the partition continues: %s', async (_, title, subject, reason) => {
    const trouble = inLibrary({ offset: 1 }, book('b1', subject, title))
    await run([...books(0, 'a'), trouble, ...books(2, 'c')])
    expect(await shelf()).toMatchObject({ offset: 2, state: { titles: ['a', 'c'] } })
    expect(await letters()).toMatchObject([{ offset: 1, reason: expect.stringMatching(reason) }])
    expect((await deps.viewStore.read('library/counts', { limit: 1 })).parts).toMatchObject([
      { state: { 'library.book': 3 } },
    ])
  })

  test('is still folded if only emit throws', async () => {
    await run(books(0, 'a', 'mute', 'c'))
    expect(await shelf()).toMatchObject({ state: { titles: ['a', 'mute', 'c'] } })
    expect(await letters()).toMatchObject([{ offset: 1, reason: 'view library/shelves: emit: mute' }])
  })

  test('is skipped if it would make a state larger than 100 KB, wherever batches begin', async () => {
    const titles = ['x'.repeat(60_000), 'y'.repeat(50_000), 'é'.repeat(30_000), 'z']
    for (const batches of [[books(0, ...titles)], titles.map((title, index) => books(index, title))]) {
      ;({ deps, appended } = makeFoldDeps())
      for (const batch of batches) await run(batch)
      const state = (await shelf())?.state as { titles: string[] }
      expect(state.titles.map((title) => title[0])).toEqual(['x', 'z'])
      expect(await letters()).toMatchObject([
        { offset: 2, reason: expect.stringContaining('the state of "s" would be 12') },
        {
          offset: 1,
          reason: 'view library/shelves: the state of "s" would be 110018 bytes; the maximum is 102400',
        },
      ])
    }
  })
})

describe('a stream that is rebuilt', () => {
  const stream = async () => ({
    topic: 'library',
    epoch: (await deps.store.topic('library')).epoch,
    partition: 0,
  })

  test('is folded only by its rebuilder, which emits nothing', async () => {
    await run(books(0, 'a', 'b', 'c'))
    const before = await shelf()
    appended.splice(0)
    await deps.viewStore.beginRebuild(await stream())

    const { failed } = await fold(books(3, 'd'), deps)
    expect(failed).toMatchObject([{ offset: 3, cause: { code: 'rebuilding', retryable: true } }])
    await foldBatch(books(0, 'a', 'b', 'c'), deps, { isRebuilder: true })
    expect(await progress()).toMatchObject({ offset: 2, isRebuilding: true })
    await deps.viewStore.endRebuild(await stream())

    expect(await shelf()).toEqual(before)
    expect(appended).toEqual([])
    await run(books(3, 'd'))
    expect(await shelf()).toMatchObject({ state: { titles: ['a', 'b', 'c', 'd'] } })
  })

  test('is not changed by a worker that had read its parts when the rebuild began', async () => {
    await run(books(0, 'a'))
    const load: FoldDeps['viewStore']['load'] = async (keys) => {
      await deps.viewStore.beginRebuild(await stream())
      await forgetAll(deps.viewStore, 'library', [0])
      return deps.viewStore.load(keys)
    }
    await expect(
      foldBatch(books(1, 'b'), { ...deps, viewStore: { ...deps.viewStore, load } }),
    ).rejects.toMatchObject({ code: 'rebuilding' })
    expect(await shelf()).toBeUndefined()
  })
})

test('if one of several partitions fails, the others continue', async () => {
  const save: FoldDeps['viewStore']['save'] = async (parts) => {
    if (parts.some(({ partition }) => partition === 0)) throw new Error('throttled')
    return deps.viewStore.save(parts)
  }
  const records = [
    ...books(7, 'a', 'b'),
    inLibrary({ offset: 4, partition: 1 }, book('other', 's', 'c')),
    inLibrary({ offset: 0, topic: 'events' }, makeEvent('alien', { category: 'unclaimed' })),
  ]
  const { failed } = await fold(records, { ...deps, viewStore: { ...deps.viewStore, save } })
  expect(failed).toMatchObject([
    { topic: 'library', partition: 0, offset: 7, cause: { message: 'throttled' } },
  ])
  expect(await shelf()).toMatchObject({ partition: 1, state: { titles: ['c'] } })
  // No view folds the topic "events" here.
  expect(await deps.viewStore.progress('events')).toEqual(new Map())
})
