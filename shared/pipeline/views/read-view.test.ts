import { beforeEach, describe, expect, test } from 'vitest'
import { parseCursor } from '#shared/core/cursor.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'
import { book, inLibrary, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { type FoldDeps, foldBatch } from './fold.ts'
import { type Page, readParts, readState } from './read-view.ts'
import type { ViewStore } from './view-store.ts'
import type { NamedView } from './views.ts'

let deps: FoldDeps & { store: EventStore; now: () => number }

beforeEach(() => {
  deps = { ...makeFoldDeps().deps, now: () => 77 }
})

const find = (view: string) => deps.views.find('library', view) as NamedView
const state = (view: string, page: Partial<Page> = {}) =>
  readState(find(view), { limit: 10, shown: 'all', ...page }, deps)
const parts = (view: string, page: Partial<Page> = {}) =>
  readParts(find(view), { limit: 10, shown: 'all', ...page }, deps)
/** Moves the head of a partition, as `deliver` does. */
const deliver = async (partition: number, offset: number) => {
  const { heads } = await deps.store.topic('library')
  const head = { offset, first: 0, timestamp: Number.MAX_SAFE_INTEGER }
  await deps.store.advance(await stream(partition), head, heads.get(partition))
}
const fold = (partition: number, offset: number, shelf: string, title: string) =>
  foldBatch([inLibrary({ partition, offset }, book(`${partition}-${offset}`, shelf, title))], deps)
const put = async (partition: number, offset: number, shelf: string, title: string) => {
  await fold(partition, offset, shelf, title)
  await deliver(partition, offset)
}
const stream = async (partition: number): Promise<Stream> => {
  const { epoch } = await deps.store.topic('library')
  return { topic: 'library', epoch, partition }
}
const offsetsOf = (cursor: string) => Object.fromEntries(parseCursor(cursor).get('library')?.offsets ?? [])

describe('a view with keys', () => {
  test('returns one state, merged over its partitions and presented', async () => {
    await put(1, 0, 's', 'second')
    await put(0, 4, 's', 'first')
    await put(0, 5, 't', 'other')

    const { state: shelf, cursor } = await state('shelves', { key: 's' })

    expect(shelf).toEqual({ key: 's', count: 2, titles: ['first', 'second'], now: 77 })
    expect(offsetsOf(cursor)).toEqual({ 0: 5, 1: 0 })
  })

  test('returns all states by key, in pages', async () => {
    for (const [offset, shelf] of ['c', 'a', 'b', 'a'].entries()) await put(0, offset, shelf, `t${offset}`)

    const first = await state('shelves', { limit: 2 })
    const second = await state('shelves', { limit: 2, next: first.next ?? '' })

    expect(first.state).toMatchObject({ a: { titles: ['t1', 't3'] }, b: { titles: ['t2'] } })
    expect(second.state).toMatchObject({ c: { titles: ['t0'] } })
    expect(second).not.toHaveProperty('next')
    expect(Object.keys(second.state as object)).toEqual(['c'])
  })

  test('refuses an unknown key, and returns no parts for it', async () => {
    await expect(state('shelves', { key: 'x' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no "x" in the view library/shelves.',
    })
    expect(await parts('shelves', { key: 'x' })).toMatchObject({ parts: [], next: null })
  })

  test('refuses an invalid "next"', async () => {
    for (const next of ['', 'b', 'k%', 'kYQ==']) {
      await expect(state('shelves', { next })).rejects.toMatchObject({ code: 'malformed' })
    }
  })

  test('returns at most what fits in a response, and at least one key', async () => {
    for (let offset = 0; offset < 60; offset++) await put(0, offset, `s${offset}`, 'x'.repeat(100_000))
    const seen: string[] = []
    let next: string | null | undefined
    let pages = 0
    do {
      const page = await parts('shelves', { limit: 500, ...(next && { next }) })
      seen.push(...page.parts.map(({ key }) => key))
      expect(JSON.stringify(page).length).toBeLessThan(4_500_000)
      next = page.next
      pages++
    } while (next !== null)
    expect(pages).toBe(2)
    expect(new Set(seen).size).toBe(60)
    expect(seen).toHaveLength(60)
  })
})

describe('a view without keys', () => {
  test('returns its initial state while there are no events, with a cursor before everything', async () => {
    const { state: counts, cursor } = await state('counts')
    expect(counts).toEqual({})
    expect(cursor).toMatch(/^library@\w+:$/)
  })

  test('returns its one state', async () => {
    await put(0, 0, 's', 'a')
    await put(1, 0, 's', 'b')
    expect(await state('counts')).toMatchObject({ state: { 'library.book': 2 } })
    expect((await parts('counts')).parts).toMatchObject([
      { key: '', partition: 0, offset: 0, state: { 'library.book': 1 } },
      { key: '', partition: 1, offset: 0, state: { 'library.book': 1 } },
    ])
  })
})

describe('the cursor', () => {
  test('is the progress as it was before the parts were read', async () => {
    await put(0, 0, 's', 'a')
    const read: FoldDeps['viewStore']['read'] = async (...given) => {
      await put(0, 1, 's', 'b')
      return deps.viewStore.read(...given)
    }
    const page = await readParts(
      find('shelves'),
      { limit: 9, shown: 'all' },
      { ...deps, viewStore: { ...deps.viewStore, read } },
    )
    expect(offsetsOf(page.cursor)).toEqual({ 0: 0 })
    expect(page.parts).toMatchObject([{ offset: 1, state: { titles: ['a', 'b'] } }])
  })

  test('of one key includes its parts, even if they are ahead of the progress', async () => {
    await put(0, 0, 's', 'a')
    const [part] = (await parts('shelves')).parts
    if (part === undefined) throw new Error('no part')
    await deliver(0, 12)
    await deps.viewStore.save([{ ...part, view: 'library/shelves', offset: 9 }])
    expect(offsetsOf((await parts('shelves', { key: 's' })).cursor)).toEqual({ 0: 9 })
    expect(offsetsOf((await parts('shelves')).cursor)).toEqual({ 0: 0 })
  })

  test('omits what was folded of another epoch of the topic, and a rebuild that had nothing to fold', async () => {
    await deps.viewStore.advance({ ...(await stream(0)), epoch: '0' }, 12)
    await deps.viewStore.beginRebuild(await stream(1))
    await deps.viewStore.endRebuild(await stream(1))
    await deps.viewStore.advance(await stream(2), 3)
    await deliver(2, 3)
    expect(offsetsOf((await parts('shelves')).cursor)).toEqual({ 2: 3 })
  })

  test('is never ahead of the log, however far the fold is', async () => {
    await put(0, 3, 's', 'a')
    await fold(0, 4, 's', 'not delivered yet')
    await fold(1, 0, 's', 'nothing of this partition is')

    expect(offsetsOf((await parts('shelves')).cursor)).toEqual({ 0: 3 })
    expect(offsetsOf((await state('shelves', { key: 's' })).cursor)).toEqual({ 0: 3 })
  })

  test('is refused temporarily if a rebuild deleted parts before or while they were read', async () => {
    const later = { code: 'unavailable', retryAfterSeconds: 5 }
    const rebuild = async () => {
      await deps.viewStore.beginRebuild(await stream(1))
      await deps.viewStore.endRebuild(await stream(1))
    }
    const read: ViewStore['read'] = async (...page) => {
      await rebuild()
      return deps.viewStore.read(...page)
    }
    const meanwhile = { ...deps, viewStore: { ...deps.viewStore, read }, now: () => 0 }
    await expect(readParts(find('shelves'), { limit: 9, shown: 'all' }, meanwhile)).rejects.toMatchObject(
      later,
    )

    await deps.viewStore.beginRebuild(await stream(1))
    await expect(parts('shelves')).rejects.toMatchObject(later)
  })

  test('of one key names only the topics that its channels touch', async () => {
    const { domains, deps: other } = makeTwoTopics()
    expect(domains).toBe(2)
    const named = other.views.find('both', 'all') as NamedView
    const cursorOf = async (page: Partial<Page>) => [
      ...parseCursor(
        (await readParts(named, { limit: 1, shown: 'all', ...page }, { ...other, now: () => 0 })).cursor,
      ).keys(),
    ]
    expect(await cursorOf({})).toEqual(['one', 'two'])
    expect(await cursorOf({ key: 'two.x' })).toEqual(['two'])
  })
})

function makeTwoTopics() {
  const view = {
    description: '',
    lateEvents: '',
    channels: ['one.**', 'two.**'],
    channelsOf: (key: string) => [key],
    keys: () => ['two.x'],
    initial: () => 0,
    apply: (count: number) => count + 1,
  }
  const topics = { one: ['one.**'], two: ['two.**'] }
  const { deps: made } = makeFoldDeps(undefined, [{ name: 'both', topics, events: {}, views: { all: view } }])
  return { domains: Object.keys(topics).length, deps: made }
}
