import { beforeEach, describe, expect, test } from 'vitest'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { book, eventsOf, inLibrary, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { type FoldDeps, foldBatch } from './fold.ts'
import { createFoldMemory, type KnownProgress } from './fold-memory.ts'
import type { StoredPart } from './view-store.ts'

const books = (from: number, ...titles: string[]) =>
  titles.map((title, index) => inLibrary({ offset: from + index }, book(`b${from + index}`, 's', title)))

describe('a warm fold', () => {
  let calls: string[]
  let deps: FoldDeps
  let other: FoldDeps
  let appended: ReturnType<typeof makeFoldDeps>['appended']

  /** Notes the name of each call of a store. */
  function noted<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          calls.push(String(name))
          return value.apply(target, given)
        }
      },
    })
  }

  beforeEach(async () => {
    calls = []
    const made = makeFoldDeps()
    appended = made.appended
    const { store, claims, viewStore } = made.deps
    other = { ...made.deps, memory: createFoldMemory() }
    deps = {
      ...made.deps,
      store: noted(store),
      claims: noted(claims),
      viewStore: noted(viewStore),
      memory: createFoldMemory(),
    }
    await run(books(0, 'a'))
    calls.splice(0)
  })

  const run = (records: readonly KafkaRecord[], by = deps) => foldBatch(records, by)
  const shelf = async () => {
    const { parts } = await other.viewStore.read('library/shelves', { key: 's', limit: 1 })
    return parts[0]
  }
  const epochOf = async () => (await other.store.topic('library')).epoch

  test('reads the claims, saves and advances, and nothing else', async () => {
    const event = book('b1', 's', 'b')
    await other.claims.claim(event, { topic: 'library', partition: 0, offset: 1 })

    await run([inLibrary({ offset: 1 }, event)])

    expect(calls).toEqual(['find', 'save', 'advance'])
    expect(await shelf()).toMatchObject({ offset: 1, state: { titles: ['a', 'b'] } })
  })

  test('loads only the parts that it does not have', async () => {
    await run([inLibrary({ offset: 1 }, book('b1', 'another', 'b'))])

    expect(calls.filter((call) => call === 'load' || call === 'topic')).toEqual(['load'])
  })

  test('only advances where no view folds anything, and does nothing for a topic without views', async () => {
    await run([inLibrary({ offset: 1 }, 'no event')])
    await run([inLibrary({ offset: 0, topic: 'events' }, makeEvent('alien', { category: 'unclaimed' }))])

    expect(calls).toEqual(['advance'])
    expect((await other.viewStore.progress('library')).get(0)).toMatchObject({ offset: 1 })
  })

  test('reads everything if the batch does not follow the last one', async () => {
    await run(books(0, 'a', 'b'))

    expect(calls).toContain('topic')
    expect(await shelf()).toMatchObject({ offset: 1, state: { titles: ['a', 'b'] } })
  })

  test('folds again what another worker has folded before it, from what that one saved', async () => {
    await run(books(1, 'b'), other)

    await run(books(1, 'b', 'c'))

    expect(await shelf()).toMatchObject({ offset: 2, state: { titles: ['a', 'b', 'c'] } })
    expect(new Set(eventsOf(appended).map(({ id }) => id)).size).toBe(2)
  })

  test('continues after the batches of another worker', async () => {
    await run(books(1, 'b'), other)

    await run(books(2, 'c'))
    await run(books(3, 'd'), other)

    expect(await shelf()).toMatchObject({ offset: 3, state: { titles: ['a', 'b', 'c', 'd'] } })
  })

  test('does not fold a stream that is being rebuilt, nor one that was rebuilt with what it knew before', async () => {
    const stream = { topic: 'library', epoch: await epochOf(), partition: 0 }
    await other.viewStore.beginRebuild(stream)
    await expect(run(books(1, 'b'))).rejects.toMatchObject({ code: 'rebuilding' })

    await foldBatch(books(0, 'a'), other, { isRebuilder: true })
    await other.viewStore.endRebuild(stream)
    await run(books(1, 'b'))

    expect(await shelf()).toMatchObject({ offset: 1, state: { titles: ['a', 'b'] } })
    expect((await other.viewStore.progress('library')).get(0)).toMatchObject({ offset: 1, rebuilds: 1 })
  })

  test('loads no part while a rebuild has deleted it', async () => {
    const stream = { topic: 'library', epoch: await epochOf(), partition: 0 }
    await run([inLibrary({ offset: 1 }, book('b1', 't', 'b'))], other)
    const load: FoldDeps['viewStore']['load'] = async (keys) => {
      await other.viewStore.beginRebuild(stream)
      const found = await other.viewStore.load(keys)
      await foldBatch(books(0, 'a'), other, { isRebuilder: true })
      await foldBatch([inLibrary({ offset: 1 }, book('b1', 't', 'b'))], other, { isRebuilder: true })
      await other.viewStore.endRebuild(stream)
      return found
    }
    const loading = { ...other, memory: createFoldMemory(), viewStore: { ...other.viewStore, load } }
    await run([inLibrary({ offset: 1 }, book('b1', 't', 'b'))], { ...other, memory: createFoldMemory() })

    await expect(run([inLibrary({ offset: 2 }, book('b2', 't', 'c'))], loading)).rejects.toThrow()
    await run([inLibrary({ offset: 2 }, book('b2', 't', 'c'))], other)

    const { parts } = await other.viewStore.read('library/shelves', { key: 't', limit: 1 })
    expect(parts).toMatchObject([{ offset: 2, state: { titles: ['b', 'c'] } }])
  })

  test('notices by a claim that its topic was created again', async () => {
    const renewed = await other.store.renewEpoch('library', await epochOf())
    const event = book('new', 's', 'z')
    await other.claims.claim(event, { topic: 'library', partition: 0, offset: 1, epoch: renewed })

    await run([inLibrary({ offset: 1 }, event)])

    expect(await shelf()).toMatchObject({ epoch: renewed, state: { titles: ['z'] } })
  })
})

describe('the memory of a fold', () => {
  const stream = { topic: 't', epoch: 'e1', partition: 0 }
  const progress = (offset: number): KnownProgress => ({ stream, offset, rebuilds: undefined })
  const keyOf = (key: string) => ({ view: 'd/v', key, topic: 't', partition: 0 })
  const part = (key: string, state: unknown): StoredPart => ({ ...keyOf(key), epoch: 'e1', offset: 3, state })
  const at = (offset: number) => ({ topic: 't', partition: 0, offset })

  test('has the progress for the batch that follows it, until it is forgotten', () => {
    const memory = createFoldMemory()
    memory.keep(progress(3), [], true)

    expect(memory.continuedBy(at(4))).toEqual(progress(3))
    expect([3, 5].map((offset) => memory.continuedBy(at(offset)))).toEqual([undefined, undefined])
    expect(memory.continuedBy({ ...at(4), partition: 1 })).toBeUndefined()
    memory.forget(stream)
    expect(memory.continuedBy(at(4))).toBeUndefined()
  })

  test('lets the progress be read again after five minutes, however often it moved', () => {
    let time = 0
    const memory = createFoldMemory({ now: () => -time, elapsed: () => time })
    memory.keep(progress(3), [], true)
    time = 299_999
    memory.keep(progress(4), [], false)
    expect(memory.continuedBy(at(5))).toEqual(progress(4))
    time = 300_000
    expect(memory.continuedBy(at(5))).toBeUndefined()
  })

  test('has parts, and the absence of parts, until their stream is forgotten', () => {
    const memory = createFoldMemory()
    memory.keep(
      progress(3),
      [
        { key: keyOf('a'), part: part('a', 1), isSaved: true },
        { key: keyOf('b'), part: null, isSaved: false },
      ],
      true,
    )

    expect(['a', 'b', 'c'].map((key) => memory.part(keyOf(key)))).toEqual([part('a', 1), null, undefined])
    memory.forget(stream)
    expect(memory.part(keyOf('a'))).toBeUndefined()
  })

  test('drops the parts that were not used for longest if it is full', () => {
    const memory = createFoldMemory({ maxBytes: 2500 })
    const keep = (key: string) =>
      memory.keep(progress(3), [{ key: keyOf(key), part: part(key, 'x'.repeat(998)), isSaved: true }], true)
    keep('a')
    keep('b')
    memory.part(keyOf('a'))
    keep('c')

    expect(['a', 'b', 'c'].map((key) => memory.part(keyOf(key)) !== undefined)).toEqual([true, false, true])
  })

  test('has a part that expires no longer than the store, and not if only the store knows when', () => {
    let time = 0
    const memory = createFoldMemory({ now: () => time, retention: { ofView: () => 86_400 } })
    memory.keep(
      progress(3),
      [
        { key: keyOf('saved'), part: part('saved', 1), isSaved: true },
        { key: keyOf('loaded'), part: part('loaded', 1), isSaved: false },
      ],
      true,
    )

    expect(memory.part(keyOf('loaded'))).toBeUndefined()
    time = 86_399_999
    expect(memory.part(keyOf('saved'))).toEqual(part('saved', 1))
    time = 86_400_000
    expect(memory.part(keyOf('saved'))).toBeUndefined()
  })
})
